"""What is kept under a passphrase: who has set one, whose key is open, and how a text is sealed.

A random key seals the owner's texts (AES-256-GCM); a key that scrypt makes of the passphrase wraps it, and stands in
no file. On the disk are the salt and the wrapped key; in memory is the key of whoever entered the passphrase lately.
Every sealed text is bound to its place, so that nobody can move one to another. Owners are named by their hash.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from llm_core.atomic import writing
from llm_core.errors import UserError

PASSPHRASE_CHARS_MIN, PASSPHRASE_CHARS_MAX = 8, 1000
SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 17, 8, 1  # 128 MiB and a third of a second, as OWASP's cheat sheet advises
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
TRIES_MAX, TRIES_S = 5, 60.0  # wrong passphrases, and how long nobody may try after so many

State = Literal["none", "locked", "open"]


@dataclass(frozen=True, slots=True)
class Seal:
    """An owner's open key."""

    key: bytes

    def close(self, text: bytes, place: str) -> bytes:
        """Seal `text`, which belongs to `place` alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, text, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for `place`.

        Raises:
            UserError: `sealed_damaged`.
        """
        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise UserError("sealed_damaged") from error


@dataclass(slots=True)
class _Open:
    seal: Seal
    used: float
    ending: bool = False  # what is written from now on is written plainly


class Seals:
    """All owners with a passphrase.

    Args:
        folder: where salts and wrapped keys are kept.
        idle_s: how long a key that is not used stays in memory.
    """

    def __init__(self, folder: Path, idle_s: float) -> None:
        self.on_lock: list[Callable[[str], object]] = []  # told which owner's key has left
        self._folder = folder
        self._idle_s = idle_s
        self._open: dict[str, _Open] = {}
        self._wrong: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._ending = threading.Lock()
        self._changing = threading.RLock()  # of wrapped keys: whoever sets one must know which there is
        self._deriving = threading.Lock()  # one at a time: each takes 128 MiB

    def state(self, owner: str) -> State:
        """Whether the owner has a passphrase, and whether it was entered. Looking does not count as use."""
        if not self._file(owner).exists():
            return "none"
        self._sweep()
        return "open" if owner in self._open else "locked"

    def writer(self, owner: str) -> Seal | None:
        """What the owner's texts are to be sealed with; None where they are kept plainly.

        Raises:
            UserError: `sealed_locked`.
        """
        if not self._file(owner).exists():
            return None
        found = self._used(owner)
        return None if found.ending else found.seal

    def reader(self, owner: str) -> Seal:
        """What opens the owner's sealed texts.

        Raises:
            UserError: `sealed_locked`.
        """
        return self._used(owner).seal

    def begin(self, owner: str, passphrase: str) -> None:
        """Set a passphrase; what is written from now on is sealed.

        Raises:
            UserError: `passphrase_short`, `passphrase_long`, `passphrase_set` where there is one.
        """
        check_passphrase(passphrase)
        with self._changing:  # two of them at once would each make a key, and one would seal what nothing opens
            if self._file(owner).exists():
                raise UserError("passphrase_set")
            seal = Seal(secrets.token_bytes(KEY_BYTES))
            with self._lock:  # before the file: from then on it is needed
                self._open[owner] = _Open(seal, time.monotonic())
            self._keep(owner, seal, passphrase)

    def unlock(self, owner: str, passphrase: str) -> None:
        """Open the owner's key.

        Raises:
            UserError: `passphrase_wrong`, `passphrase_wait` after too many wrong ones, `sealed_damaged`.
        """
        with self._changing:
            self._unlock(owner, passphrase)

    def _unlock(self, owner: str, passphrase: str) -> None:
        try:
            kept = json.loads(self._file(owner).read_text("utf-8"))
            salt, wrapped = (base64.b64decode(kept[name]) for name in ("salt", "key"))
            n, r, p = int(kept["n"]), int(kept["r"]), int(kept["p"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError("sealed_damaged") from error
        self._check_tries(owner)
        if len(passphrase) > PASSPHRASE_CHARS_MAX:  # which none has
            raise UserError("passphrase_wrong")
        wrapping = Seal(self._derived(passphrase, salt, n, r, p))
        try:
            seal = Seal(wrapping.open(wrapped, owner))
        except UserError:
            with self._lock:
                self._wrong.setdefault(owner, []).append(time.monotonic())
            raise UserError("passphrase_wrong") from None
        with self._lock:
            self._wrong.pop(owner, None)
            self._open[owner] = _Open(seal, time.monotonic())

    def change(self, owner: str, passphrase: str) -> None:
        """Another passphrase for the open key; what is sealed stays as it is.

        Raises:
            UserError: `passphrase_short`, `passphrase_long`, `sealed_locked`.
        """
        check_passphrase(passphrase)
        with self._changing:
            self._keep(owner, self.reader(owner), passphrase)

    def lock(self, owner: str) -> None:
        """Forget the owner's key."""
        with self._lock:
            self._open.pop(owner, None)
        for told in self.on_lock:
            told(owner)

    @contextlib.contextmanager
    def ending(self, owner: str) -> Iterator[None]:
        """A block in which all that the owner has sealed is to be written plainly; then there is no passphrase.

        Raises:
            UserError: `sealed_locked`.
        """
        with self._ending:  # a second one would go on sealing when the first has failed, and then lose the key
            found = self._used(owner)
            found.ending = True
            try:
                yield
                if self._open.get(owner) is not found:  # locked meanwhile, and perhaps entered anew: not all is plain
                    raise UserError("sealed_locked")
                self.forget(owner)
            finally:
                found.ending = False

    def forget(self, owner: str) -> None:
        """Delete the wrapped key: what is still sealed with it can never be opened again."""
        with self._changing:
            self.lock(owner)
            self._file(owner).unlink(missing_ok=True)

    def _used(self, owner: str) -> _Open:
        self._sweep()
        found = self._open.get(owner)
        if found is None:
            raise UserError("sealed_locked")
        found.used = time.monotonic()
        return found

    def _sweep(self) -> None:
        """Forget keys that nobody used for long. Whoever calls this must not hold our lock: others are told."""
        now = time.monotonic()
        with self._lock:
            idle = [owner for owner, kept in self._open.items() if now - kept.used > self._idle_s]
            for owner in idle:  # now, while it is so: a moment later the passphrase may have been entered again
                del self._open[owner]
        for owner in idle:
            for told in self.on_lock:
                told(owner)

    def _check_tries(self, owner: str) -> None:
        now = time.monotonic()
        with self._lock:
            for each, times in list(self._wrong.items()):
                if not (recent := [at for at in times if now - at < TRIES_S]):
                    del self._wrong[each]
                else:
                    self._wrong[each] = recent
            if len(self._wrong.get(owner, ())) >= TRIES_MAX:
                raise UserError("passphrase_wait", t=TRIES_S)

    def _keep(self, owner: str, seal: Seal, passphrase: str) -> None:
        salt = secrets.token_bytes(SALT_BYTES)
        wrapping = Seal(self._derived(passphrase, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P))
        kept = {"salt": salt, "key": wrapping.close(seal.key, owner)}
        record = {name: base64.b64encode(value).decode() for name, value in kept.items()}
        with writing(self._file(owner), "w") as file:
            json.dump(record | {"n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P}, file)

    def _derived(self, passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
        typed = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "replace")  # keyboards differ
        with self._deriving:
            return Scrypt(salt=salt, length=KEY_BYTES, n=n, r=r, p=p).derive(typed)

    def _file(self, owner: str) -> Path:
        return self._folder / f"{owner}.json"


def check_passphrase(passphrase: str) -> None:
    """Whether it will do: length is what counts against guessing.

    Raises:
        UserError: `passphrase_short`, `passphrase_long`.
    """
    if len(passphrase) < PASSPHRASE_CHARS_MIN:
        raise UserError("passphrase_short", n=PASSPHRASE_CHARS_MIN)
    if len(passphrase) > PASSPHRASE_CHARS_MAX:
        raise UserError("passphrase_long", n=PASSPHRASE_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class Cells:
    """An owner's texts on their way into the columns of a database, and out of them; what is sealed is bytes there.

    Args:
        seals: of all owners.
        owner: as the database names them.
    """

    seals: Seals
    owner: str

    def kept(self, text: str, place: str) -> str | bytes:
        """The text as it is to stand in the column; an empty one is no secret.

        Raises:
            UserError: `sealed_locked`.
        """
        seal = self.seals.writer(self.owner)
        return text if seal is None or not text else seal.close(text.encode(), place)

    def told(self, value: str | bytes, place: str) -> str:
        """The text that stands in the column.

        Raises:
            UserError: `sealed_locked`, `sealed_damaged`.
        """
        return value if isinstance(value, str) else self.seals.reader(self.owner).open(value, place).decode()
