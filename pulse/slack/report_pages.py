"""Sends the report for leaders to one person: its page as PDF, with its text in the same message."""

from __future__ import annotations

import structlog

from pulse.core.errors import ChartNotDrawn
from pulse.core.quarterly import QuarterReport
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.web_api import Slack
from pulse.views.quarter import file_name, quarter_in_full, quarter_page

_log = structlog.get_logger(__name__)


class ReportPages:
    """Draws a page once for all who ask for it in one language."""

    def __init__(self, slack: Slack, chart_worker: ChartWorker) -> None:
        self._slack, self._chart_worker = slack, chart_worker

    async def send(self, user: str, report: QuarterReport) -> bool:
        """Sends it in the language that is being spoken; false if the page could not be drawn.

        Its text is then sent alone. Raises SlackFault.
        """
        said = quarter_in_full(report)
        conversation = await self._slack.open_dm(user)
        try:
            page = await self._chart_worker.draw(quarter_page(report))
        except ChartNotDrawn as error:
            _log.warning("report page not drawn", problem=error.reason)
            await self._slack.post(conversation, said)
            return False
        await self._slack.send_files(conversation, {file_name(report): page}, said.text)
        return True
