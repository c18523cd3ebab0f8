"""What the readers are taught: what customers say, by what they ask and by which part of the bank's pages answers it.

Files of prompts/: questions.yaml and heard.yaml have wordings by label, with a plain word in the place of each part, and
parts.yaml what may stand there; pages.yaml what is asked of the bank's pages, and asked.yaml more of that, which only what tells
their parts apart learns from; marked.txt messages of which every word is marked;
talks.txt conversations, a marked message a line as LABEL KEEPS :: MESSAGE, with an empty line between two of them. KEEPS is what
a message takes over from the one before: who, when, account.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterable, Sequence

import yaml

from assistant.hearing import About
from assistant.pages import Part, undated
from assistant.router import LEANING, PROMPTS, examples
from assistant.spans import WORD, plain
from assistant.wordings import NOTHING, label_of, said_of_pages
from retrieval.reader import Lesson

FILES = ("questions.yaml", "heard.yaml", "pages.yaml", "marked.txt", "talks.txt", "parts.yaml")
_OPENS = {"[": "name", "<": "time", "{": "account"}
_CLOSES = frozenset("]>}")
_TALK = "~"
_LONGER_WORD = re.compile(r"[a-z]{5,}")
_LINE = re.compile(r"(?P<label>[a-z_]+)(?P<keeps>(?: (?:who|when|account))*) :: (?P<message>.+)")
_PART = re.compile(r"\bx(?:period|merchant|category|amount|account|number|group)\b")
_FIGURE = re.compile(r"\d|\b(?:quid|pounds?|grand|hundred|fifty|twenty|tenner|fiver)\b")
# A wording says "in xperiod" where what stands for it may say "in" too.
_TWICE = re.compile(
    r"\b(?:in|on|since|from|at|for|during|of|to|until|till|by) (?=(?:in|on|since|from|for|during|until|till|between|by)\b)"
)
# So often a wording is learned with something asked before it, one that leans on that more often; and so often talks count.
_AFTER, _LEANING_AFTER, _TALKS_COUNT = 0.4, 0.8, 2
# What tells parts of pages apart is taught so often what is asked of them for once that it is taught what they say; so much of
# that is misspelt.
_ASKED_COUNT, _PAGES_MISSPELT = 3, 0.15
# What only the customer's own accounts tell, and no page.
_OWN = frozenset(
    {
        "average", "biggest_day", "breakdown", "compare", "count", "distinct", "duplicates", "explain", "find", "first",
        "identify", "income", "largest", "last", "pending", "position", "quiet_days", "refunds", "salary", "share", "smallest",
        "spare", "sum", "top", "upcoming",
    }
)  # fmt: skip
# What is asked in between, and leaves what is spoken of as it is.
_ASIDE = frozenset({"help", "oos", "handover", "refuse"})


def version() -> str:
    """Of all that is taught."""
    return hashlib.sha256(b"\0".join((PROMPTS / name).read_bytes() for name in FILES)).hexdigest()[:12]


def marked(line: str) -> tuple[str, list[tuple[int, int]], list[str]]:
    """The text of a marked line in `plain` form, where its words stand, and the tag of each; "" where it has none.

    [..] stands around words for somebody, goods, a place or a purpose, <..> around days and times, {..} around accounts and
    amounts, ~..~ around talk; the other words ask.
    """
    text, tags, tag, talk = "", [], "", False
    for char in plain(line):
        if char == _TALK:
            talk = not talk
        elif char in _OPENS or char in _CLOSES:
            tag = _OPENS.get(char, "")
        else:
            text += char
            tags.append(tag or ("talk" if talk else ""))
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    return text, words, [tags[start] for start, _ in words]


def marked_lines() -> list[str]:
    """The lines of marked.txt."""
    return [line for line in (PROMPTS / "marked.txt").read_text(encoding="utf-8").splitlines() if line.strip()]


def talks() -> list[list[tuple[str, frozenset[str], str]]]:
    """The conversations of talks.txt: (label, what is kept, marked message) for each message. Raises ValueError with the line
    that is none."""
    found: list[list[tuple[str, frozenset[str], str]]] = [[]]
    for number, line in enumerate((PROMPTS / "talks.txt").read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            found.append([])
        elif (read := _LINE.fullmatch(line.strip())) is None:
            raise ValueError(f"talks.txt, line {number}: not LABEL KEEPS :: MESSAGE")
        else:
            found[-1].append((read["label"], frozenset(read["keeps"].split()), read["message"]))
    return [one for one in found if one]


class Lessons:
    """All that is taught; each epoch says the wordings of questions.yaml with other parts."""

    def __init__(self) -> None:
        self._marked = [Lesson("", *_by_marks(line, "")) for line in marked_lines()]
        conversations = talks()
        self._talks = [said for one in conversations for said in _in_turn(one)]
        lines = [*marked_lines(), *(message for one in conversations for _, _, message in one)]
        self._parts = _parts(lines)
        wordings = [
            (label, w) for name in ("questions.yaml", "heard.yaml") for label, said in examples(name).items() for w in said
        ]
        wordings += [("article", w) for _, w in said_of_pages()]
        self._wordings = list(dict.fromkeys(wordings))
        self.labels = tuple(sorted(examples()))

    def epoch(self, number: int) -> list[Lesson]:
        """The lessons of an epoch."""
        chance = _chances(number)
        befores = [said.before for said in self._talks if said.before]
        said = [*self._marked, *self._talks * _TALKS_COUNT]
        for label, wording in self._wordings:
            after = _LEANING_AFTER if label in LEANING else _AFTER
            before = chance.choice(befores) if chance.random() < after else ""
            said.append(Lesson(before, self._spoken(wording, chance), label))
        return said

    def _spoken(self, wording: str, chance: random.Random) -> str:
        spoken = _PART.sub(lambda part: chance.choice(self._parts[part.group()]), wording)
        return plain(_TWICE.sub("", spoken))


class PageLessons:
    """What is taught to tell which part of the bank's pages answers, or that none does: what is asked of each, and what it says
    itself. Labels are as of `wordings.label_of`."""

    def __init__(self, parts: Iterable[Part]) -> None:
        asked = [*said_of_pages(), *said_of_pages("asked")]
        self._asked = [(label_of((undated(title), heading)), plain(wording)) for (title, heading), wording in asked]
        own = [marked(one[0][2])[0] for one in talks() if one[0][0] in _OWN]
        self._asked += [(label_of((NOTHING, "")), message) for message in own]
        self._said = [
            (label_of((undated(part.passage.title), part.heading)), plain(text))
            for part in parts
            for text in (part.head, *part.sentences)
        ]
        self.labels = tuple(sorted({label for label, _ in (*self._asked, *self._said)}))

    @property
    def version(self) -> str:
        """Of all that is taught."""
        return hashlib.sha256(json.dumps([self._asked, self._said]).encode()).hexdigest()[:12]

    def epoch(self, number: int) -> list[Lesson]:
        """The lessons of an epoch."""
        chance = _chances(number)
        asked = [
            (label, _misspelt(text, chance) if chance.random() < _PAGES_MISSPELT else text)
            for label, text in self._asked * _ASKED_COUNT
        ]
        return [Lesson("", text, label) for label, text in (*asked, *self._said)]


def _chances(epoch: int) -> random.Random:
    """What is left to chance in an epoch, the same each time that one is taught."""
    return random.Random(epoch)  # noqa: S311  a choice of wordings, no secret


def _by_marks(line: str, label: str) -> tuple[str, str, list[tuple[int, int]], list[str]]:
    text, words, tags = marked(line)
    return text, label, words, tags


def _in_turn(conversation: Sequence[tuple[str, frozenset[str], str]]) -> list[Lesson]:
    """Each message after what was asked before it, as that was understood then."""
    said: list[Lesson] = []
    before: About | None = None
    for label, keeps, line in conversation:
        said.append(Lesson(str(before or ""), *_by_marks(line, label), keeps=None if before is None else keeps))
        if before is None or label not in _ASIDE:
            before = _then(before, label, keeps, line)
    return said


def _then(before: About | None, label: str, keeps: frozenset[str], line: str) -> About:
    """What is spoken of after a message."""
    own = {"who": _of("[", line), "when": _of("<", line), "account": _of("{", line)}
    if before is None:
        return About(label, **own)
    if label == "details":
        return before
    kept = {name: said or (getattr(before, name) if name in keeps else ()) for name, said in own.items()}
    return About(before.tool if label in LEANING else label, **kept)


def _misspelt(line: str, chance: random.Random) -> str:
    """With one letter of a longer word left out, doubled, or after the next one."""
    words = [m.start() for m in _LONGER_WORD.finditer(line)]
    if not words:
        return line
    at = chance.choice(words) + chance.randrange(1, 3)
    one, two = line[at], line[at + 1]
    return line[:at] + chance.choice((two, one + one + two, two + one)) + line[at + 2 :]


_CLOSING = dict(zip("[<{", "]>}", strict=True))


def _of(mark: str, line: str) -> tuple[str, ...]:
    return tuple(re.findall(rf"{re.escape(mark)}([^\[\]<>{{}}~]+){re.escape(_CLOSING[mark])}", plain(line)))


def _parts(lines: Sequence[str]) -> dict[str, list[str]]:
    """What may stand in the place of each part: what is marked as such, and for kinds, numbers and groups parts.yaml."""
    listed = yaml.safe_load((PROMPTS / "parts.yaml").read_text(encoding="utf-8"))
    kinds, numbers, groups = ([str(w) for w in listed[name]] for name in ("kinds", "numbers", "groups"))
    names, times, held = ([w for line in lines for w in _of(mark, line)] for mark in "[<{")
    return {
        "xmerchant": names,
        "xperiod": times,
        "xamount": [w for w in held if _FIGURE.search(w)],
        "xaccount": [w for w in held if not _FIGURE.search(w)],
        # Customers name kinds that no list has.
        "xcategory": [*kinds * (2 * len(names) // len(kinds)), *names],
        "xnumber": numbers,
        "xgroup": groups,
    }
