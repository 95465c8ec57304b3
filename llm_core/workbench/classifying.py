"""Classifiers that were trained here, or that came along: texts in, labels out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_core import machine
from llm_core.catalog import bundled, runs
from llm_core.engines.classifier import Classifier, Labelled, classifies
from llm_core.errors import UserError
from llm_core.settings import Settings

NEAREST = 3


class Classifying:
    """Keeps the classifier that was used last open.

    Args:
        settings: of this workbench.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: tuple[Path, Classifier] | None = None

    def names(self, owner: str = "") -> dict[str, Path]:
        """The classifiers that `owner` may use, and where they stand."""
        trained = {model.name: model.path for model in runs.models(self._settings, owner)}
        shipped = {path.name: path for path in sorted(bundled.FOLDER.iterdir()) if path.is_dir()}
        return {name: path for name, path in (shipped | trained).items() if classifies(path)}

    def classify(
        self, name: str, texts: Sequence[str | tuple[str, str]], label_set: str | None = None, owner: str = ""
    ) -> list[Labelled]:
        """The label of each text, in their order; see `Classifier.classify`.

        Args:
            name: of a run of the owner's that learned labels, or of a bundled classifier. Never a path.
            texts: or pairs of texts.
            label_set: which labels, where the model has several sets.
            owner: a visitor's token, or "" for the command line.

        Raises:
            UserError: `classifier_unknown`, `label_set_unknown`.
        """
        return self._opened(name, owner).classify(texts, label_set)

    def label_sets(self, name: str, owner: str = "") -> list[str]:
        """The names of the model's sets of labels.

        Raises:
            UserError: `classifier_unknown`.
        """
        return list(self._opened(name, owner).label_sets)

    def _opened(self, name: str, owner: str) -> Classifier:
        here = self.names(owner)
        if name not in here:
            raise UserError("classifier_unknown", name=name[:80], known=", ".join([*here][:NEAREST]) or "-")
        if self._open is None or self._open[0] != here[name]:
            threads = self._settings.threads or machine.cores()
            self._open = here[name], Classifier(here[name], self._settings.paths.conversions, threads)
        return self._open[1]
