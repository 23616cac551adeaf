"""Charts as pictures that messages can show: drawn and uploaded once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection

import structlog

from pulse.core.errors import ChartNotDrawn, SlackFault
from pulse.slack.chart_worker import ChartWorker
from pulse.slack.web_api import Slack
from pulse.views.charts import Chart, alt_text

_log = structlog.get_logger(__name__)


class Pictures:
    """Uploads charts. Equal charts share one file, also if several people ask at once."""

    def __init__(self, slack: Slack, chart_worker: ChartWorker) -> None:
        self._slack, self._chart_worker = slack, chart_worker
        self._files: dict[str, str] = {}
        self._uploading = asyncio.Lock()

    async def file_id(self, chart: Chart) -> str | None:
        """The id of the uploaded chart; None if it cannot be drawn or uploaded: the words say it all, too."""
        key = hashlib.sha256(repr(chart).encode()).hexdigest()
        async with self._uploading:
            if key not in self._files:
                try:
                    png = await self._chart_worker.draw(chart)
                    alt = alt_text(chart)
                    self._files[key] = await self._slack.upload(png, "pulse.png", alt[:100], alt)
                except ChartNotDrawn as error:
                    _log.warning("chart not drawn", problem=error.reason)
                    return None
                except SlackFault as fault:
                    _log.warning("chart not uploaded", problem=str(fault))
                    return None
            return self._files[key]

    def forget(self, files: Collection[str]) -> None:
        """Forgets files that Slack refuses to show; their charts are uploaded again when next needed."""
        self._files = {key: file for key, file in self._files.items() if file not in files}
