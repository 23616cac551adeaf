"""The report for leaders: `/pulse report`, and the button under each quarter's announcement."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from handlers.doubts import pressed_report
from handlers.interaction import Interaction
from handlers.replies import or_refuse, privately
from pulse.views.message import Message
from pulse.views.quarter import REPORT, report_sent, report_without_page


def register(app: AsyncApp) -> None:
    app.action(REPORT)(press_report)


async def press_report(ack: AsyncAck, interaction: Interaction) -> None:
    await ack()
    interaction.later(or_refuse(interaction, _answer_press(interaction)))
    interaction.later(pressed_report(interaction))


async def _answer_press(interaction: Interaction) -> None:
    await privately(interaction, await send_report(interaction, interaction.value))


async def send_report(interaction: Interaction, quarter: str) -> Message:
    """Sends the report of a quarter, or of the newest for "", to whoever asked."""
    await interaction.workspace.audience.check(interaction.user)
    report = await interaction.workspace.reports.asked(quarter)
    whole = await interaction.surfaces.report_pages.send(interaction.user, report)
    return report_sent() if whole else report_without_page()
