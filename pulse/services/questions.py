"""The questions: which are asked when, and a company's own. Managers change both from Slack."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from pulse.core.audit import AuditCode, AuditEvent
from pulse.core.baselines import lead_figure
from pulse.core.cards import QuestionLine, QuestionsCard
from pulse.core.errors import BadRequest, NotNow
from pulse.core.facts import citation
from pulse.core.items import DEFAULT_ITEMS
from pulse.core.language import _
from pulse.core.library import Library
from pulse.core.model import Item, Side
from pulse.core.own_questions import QuestionDraft, next_id, own_item
from pulse.core.question_plan import QuestionPlan, Turn, suggested_plan
from pulse.core.records import OwnQuestion
from pulse.services.choosing import current_plan
from pulse.services.ports import Clock
from pulse.services.waves import Waves
from pulse.storage.port import Store

OWN_LIMIT = 60
"""Own questions of a company: a list in Slack holds about a hundred lines."""

WithOwn = Callable[[Sequence[Item]], Library]
"""Makes the library with a company's own items."""

ReadOwnFile = Callable[[], tuple[OwnQuestion, ...]]
"""Reads the file of own items of the first edition; empty if there is none. Raises DataFault."""

_log = structlog.get_logger(__name__)


class Questions:
    """Reads and changes the plan and the own questions. `start` comes before everything else."""

    def __init__(
        self,
        *,
        store: Store,
        library: Library,
        waves: Waves,
        clock: Clock,
        with_own: WithOwn,
        own_file: ReadOwnFile,
    ) -> None:
        self._store, self._library, self._waves, self._clock = store, library, waves, clock
        self._with_own, self._own_file = with_own, own_file

    async def start(self) -> None:
        """Adds own questions to the library; reads their file if none are stored. Raises DataFault."""
        if not await self._store.own_questions():
            found = self._own_file()
            if found:
                event = AuditEvent(code=AuditCode.QUESTIONS_READ)
                await self._store.save_own_questions(found, self._clock(), event.as_json())
                _log.info("own questions read from their file, once", count=len(found))
        await self._refresh()

    async def _refresh(self) -> None:
        kept = await self._store.own_questions()
        self._library.become(self._with_own([own_item(question.wording) for question in kept]))
        await self._store.keep_reference(self._library.source, self._library.ledger)

    async def card(self, *, may_change: bool) -> QuestionsCard:
        """The whole bank, in the reader's language."""
        plan = await current_plan(self._store, self._library)
        setup, askings = self._waves.saved_setup, await self._store.askings()
        last = {item_id: asking.day for asking in askings for item_id in asking.items}
        lines = tuple(
            QuestionLine(
                item=item,
                turn=plan.turn(item.id),
                figures=self._figures(item),
                last_asked=last.get(item.id),
            )
            for item in self._library.bank
        )
        return QuestionsCard(lines=lines, size=setup.items if setup else DEFAULT_ITEMS, may_change=may_change)

    def _figures(self, item: Item) -> tuple[str, ...]:
        found = [lead_figure(item, side, self._library.ledger) for side in Side]
        return tuple(dict.fromkeys(citation(figure.row) for figure in found if figure is not None))

    async def set_turn(self, item_id: str, turn: Turn) -> None:
        """Pins a question, lets it take turns or switches it off.

        Raises BadRequest for an unknown question, and NotNow if too few are left or too many pinned.
        """
        item, plan = self._item(item_id), await current_plan(self._store, self._library)
        change = {Turn.PINNED: plan.pin, Turn.ROTATING: plan.rotate, Turn.OFF: plan.switch_off}[turn]
        changed = change(item.id)
        setup = self._waves.saved_setup
        size = setup.items if setup else DEFAULT_ITEMS
        if len(self._library.source) - len(changed.off) < size:
            raise NotNow(
                _("At least {size} questions must be left: a pulse asks that many.").format(size=size)
            )
        if len(changed.pinned) > size:
            raise NotNow(
                _(
                    "A pulse asks {size} questions, and {size} are in every pulse already. "
                    "Put one of them in turn first, or ask more questions with /pulse setup."
                ).format(size=size)
            )
        await self._save(changed)

    async def use_suggested_plan(self) -> None:
        """Sets the suggested plan."""
        await self._save(suggested_plan(self._library.source))

    async def _save(self, plan: QuestionPlan) -> None:
        event = AuditEvent(code=AuditCode.QUESTIONS_PLANNED)
        await self._store.save_question_plan(plan, self._clock(), event.as_json())

    def draft(self, item_id: str) -> QuestionDraft:
        """An own question as its form shows it. Raises BadRequest for any other."""
        return QuestionDraft.of(self._own(item_id))

    async def save_draft(self, draft: QuestionDraft, item_id: str = "") -> Item:
        """Adds an own question, or changes the one named: other words or answers begin a new series.

        Raises DataFault for a draft that is not a question, BadRequest for a question that is not the
        company's, and NotNow while the open pulse asks it, or if no more fit.
        """
        wave = self._waves.current
        if item_id:
            self._own(item_id)
            if wave is not None and item_id in wave.items:
                raise NotNow(_("This question is being asked now. Change it when the pulse has closed."))
        elif sum(item.own for item in self._library.source) >= OWN_LIMIT:
            raise NotNow(
                _("There are {count} questions of your own, and no more fit.").format(count=OWN_LIMIT)
            )
        row = draft.row(item_id or next_id([item.id for item in self._library.source]))
        if item_id:
            row["cadence"] = await self._cadence(item_id)
        item = own_item(row)
        kept = OwnQuestion(item_id=item.id, wording=row, series=item.series)
        event = AuditEvent(code=AuditCode.QUESTION_SAVED, values={"item": item.id})
        await self._store.save_own_questions([kept], self._clock(), event.as_json())
        await self._refresh()
        return item

    async def _cadence(self, item_id: str) -> str:
        """A file can say how rarely a question is asked; the form does not change that."""
        kept = {question.item_id: question.wording for question in await self._store.own_questions()}
        return kept[item_id]["cadence"]

    def _own(self, item_id: str) -> Item:
        item = self._item(item_id)
        if not item.own:
            raise BadRequest(_("Only your own questions can be changed. Nothing was changed."))
        return item

    def _item(self, item_id: str) -> Item:
        item = self._library.source.get(item_id)
        if item is None:
            raise BadRequest(_("That question is no longer there. Nothing was changed."))
        return item
