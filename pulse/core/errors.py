"""Every way in which a use case can refuse, each with the sentence for the person who asked.

A sentence says what is wrong and what to do, and never more than that person may know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pulse.core.language import _

TOKEN_REFUSALS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Slack's error codes that refuse a token for good: trying again is of no use."""


class PulseError(Exception):
    """The root: `str(error)` is the sentence for the user."""


class DataFault(PulseError):
    """A data file is wrong: names file, row and column."""

    def __init__(self, file: str, row: int, column: str, problem: str) -> None:
        super().__init__(
            _("{file}, row {row}, column “{column}”: {problem}").format(
                file=file, row=row, column=column, problem=problem
            )
        )
        self.file, self.row, self.column, self.problem = file, row, column, problem


class FormNotUnderstood(PulseError):
    """A form came back in a shape that the bot never sends."""

    def __init__(self) -> None:
        super().__init__(_("This form could not be read, and nothing was changed. Please open it again."))


class BadNumbers(PulseError, ValueError):
    """Counts, shares or limits that no figure can be made from."""


class SlackUnreachable(PulseError):
    """Slack did not accept the connection; the bot tries again, after the `wait` seconds that Slack asks for.

    `why` is a sentence.
    """

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class AppTokenRefused(PulseError):
    """Slack does not know the app token, or has revoked it: trying again is of no use."""

    def __init__(self, why: str) -> None:
        super().__init__(
            _(
                "Slack does not accept SLACK_APP_TOKEN ({why}). On api.slack.com/apps, under Basic "
                "Information, App-Level Tokens, make a token with the scope connections:write, put it "
                "into SLACK_APP_TOKEN and start the bot again."
            ).format(why=why)
        )


class TokenRefused(PulseError):
    """Slack does not accept the bot token: trying again is of no use."""

    def __init__(self, why: str) -> None:
        super().__init__(
            _(
                "{why} The bot token is on api.slack.com/apps, under OAuth & Permissions: put it into"
                " SLACK_BOT_TOKEN and start the bot again."
            ).format(why=why)
        )


class SocketModeIsOff(PulseError):
    """Somebody switched Socket Mode off for the app."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Socket Mode is switched off for this app. On api.slack.com/apps, under Socket Mode, "
                "switch it on and start the bot again."
            )
        )


class TooManySockets(PulseError):
    """The app has as many connections as Slack allows, other copies of the bot included."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Slack allows one app 10 connections and all are taken. Stop the other copies of the bot, "
                "then start this one again."
            )
        )


class SettingsFault(PulseError):
    """The environment is not usable: names what is missing or wrong and how to fix it."""


class StoreFault(PulseError):
    """The database cannot be used or written."""


class KeyLost(PulseError):
    """The key of the open wave is missing or damaged; `reason` names the file, for whoever runs the bot."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _(
                "The key of this pulse is lost, so answers can neither be read nor taken. Closed pulses are"
                " not touched. A manager can call this one off with /pulse close and open another."
            )
        )
        self.reason = reason


class BallotBroken(PulseError):
    """A sealed ballot cannot be opened, or a ballot is too long for its row."""


class PollIsClosed(PulseError):
    """An answer or change came for a wave that takes no more answers."""


class NotYours(PulseError):
    """The person does not belong to either side, or is a guest."""


class NotForYou(PulseError):
    """Somebody who may not read or share results asked for them."""


class AnswerElsewhere(NotYours):
    """A tap under the other side's wording; `channels` (ids) have the wording of the person's own side."""

    def __init__(self, sentence: str, channels: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.channels = channels


class JoinedLater(NotYours):
    """Somebody was not on the roster when the wave opened."""

    def __init__(self) -> None:
        super().__init__(_("You joined after this pulse opened; you are asked from the next one on."))


class ManagersOnly(PulseError):
    """Somebody who is not a manager asked for what only managers do; `people` are ids of some who may."""

    def __init__(self, sentence: str, people: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.people = people


class BadRequest(PulseError):
    """The request names something that does not exist, or that the poll did not offer."""


class NotOfThisPulse(BadRequest):
    """A button has a value that no message of this pulse has."""

    def __init__(self) -> None:
        super().__init__(_("That button is not one of this pulse. Nothing was changed."))


class NotOfMine(BadRequest):
    """A button came from where the bot puts none, or with a value that none of its buttons has."""

    def __init__(self) -> None:
        super().__init__(_("That button is not one of mine. Nothing was changed."))


class NotNow(PulseError):
    """The command is fine, but the state of the waves does not allow it now."""


class NothingToClose(NotNow):
    """No wave is open."""

    def __init__(self) -> None:
        super().__init__(_("No pulse is open, so there is nothing to close. /pulse open opens one."))


class NotSetUp(PulseError):
    """There are no channels or no schedule yet."""


class SlackFault(PulseError):
    """Slack refused a call or did not reply. `code` is Slack's error code, "" if there was no reply.

    `certain` is false if the call was perhaps applied all the same. `wait` is how many seconds Slack asks to
    wait before the next try, 0 if it does not say.
    """

    def __init__(self, sentence: str, code: str, certain: bool, wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.code, self.certain, self.wait = code, certain, wait


class ChartNotDrawn(PulseError):
    """A chart could not be drawn: `reason` is for the log. What the chart shows is said in words anyway."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            _("The chart could not be drawn this time. Everything that it shows is said in words.")
        )
        self.reason = reason


class ScheduleFault(PulseError):
    """An invalid schedule: `fields` has a sentence for each field that is at fault."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class NoWaveDue(PulseError):
    """The schedule opens no pulse on this local date."""

    def __init__(self, day: date) -> None:
        super().__init__(_("The schedule opens no pulse on {date}.").format(date=day.isoformat()))
        self.day = day
