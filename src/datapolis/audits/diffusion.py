"""How something new spreads: from person to person, as a rumour, over strong and weak ties.

Three questions, one at a time; an option decides which.

**Adoption** (`time`). Rows are people, each with the period in which it adopted. Bass's model is
fitted by the likelihood of periods, with those who had not adopted by the end censored there and a
share who never will. Whether imitation is needed at all is the test of q = 0; it is told with and
without that share, for the two trade off. Least squares stand beside as the old way. With a table
of ties, the share of neighbours who adopted earlier is compared with the same after times were
dealt anew within communities.

**Rumours** (`thread`). Rows are posts, threads are the units. Threads of true and false rumours are
compared by rank, measure by measure: the chance that a false one is larger than a true one, ties
counted half, with Holm's adjustment over the family.

**Strong and weak ties** (`strength`). Rows are directed ties with a strength, which is summed both
ways. Told are the overlap of neighbours by quarter of strength, and the share of people in the
largest component as ties are cut, weakest first, strongest first or at random.

Sources: Bass (1969); Schmittlein and Mahajan (1982); Valente (1995); Mann and Whitney (1947), Holm
(1979); Granovetter (1973), Onnela et al. (2007); F32, F33, docs/model.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from datapolis.audits.adoption import People, when_adopted
from datapolis.audits.dependencies import Needs
from datapolis.audits.diffusion_common import Chance, Links, two_names
from datapolis.audits.finding import Audit, audit
from datapolis.audits.neighbours import who_came_first
from datapolis.audits.options import (
    MIN_GROUP,
    Draws,
    Drop,
    Duplicates,
    MinGroup,
    Progress,
    Public,
    Seed,
)
from datapolis.audits.privacy import SUPPRESSED
from datapolis.audits.rumours import how_threads_differ
from datapolis.audits.suppressed import Suppressed, suppressed, too_few
from datapolis.audits.ties import strong_and_weak
from datapolis.core.errors import InputError
from datapolis.statistics.inference.resampling import DRAWS
from datapolis.tables import Source, open_table

QUESTIONS = {
    "time": "how adoption spreads",
    "thread": "how threads of rumours differ",
    "strength": "what strong and weak ties do",
}
BELONGS: dict[str, list[str]] = {
    "time": ["never", "start", "within", "node"],
    "thread": "veracity between depth seconds stance stances post parent".split(),
    "strength": [],
}
DEFAULTS: dict[str, Any] = {
    "never": None,
    "start": None,
    "node": "node",
    "between": ("false", "true"),
    "stances": ("deny", "support"),
    "ties": ("source", "target"),
}
TITLES = {
    "time": "How adoption spreads",
    "thread": "Threads of rumours",
    "strength": "Strong and weak ties",
}
CHARTS = {"time": "curve", "thread": "compared", "strength": "cut"}
UNITS = {"time": "people", "thread": "threads", "strength": "people"}
NO_TARGETS = "No target is emitted: no index of the model measures any of this in the same way."


@audit(amount=("strength", "seconds"), unit=("ties", "thread"), period=())
def diffusion(
    table: Source,
    network: Source | None = None,
    *,
    time: Annotated[
        str, "asks about adoption: column of the period in which a person adopted"
    ] = "",
    never: Annotated[
        float | None, "time from which on people had not adopted; else empty cells mean that"
    ] = None,
    start: Annotated[
        int | None, "first period in which anybody could adopt; else 1, or a first year"
    ] = None,
    within: Annotated[str, "column of communities; times are dealt anew inside them"] = "",
    node: Annotated[str, "column of people's names, as in the table of ties", Needs("network")] = (
        "node"
    ),
    ties: Annotated[Sequence[str], "two columns: who has the tie, and to whom"] = (
        "source",
        "target",
    ),
    layer: Annotated[Sequence[str], "kinds of ties that count, values of the column layer"] = (),
    strength: Annotated[str, "asks about strong and weak ties: column of a tie's strength"] = "",
    thread: Annotated[str, "asks about rumours: column of threads, the units"] = "",
    veracity: Annotated[str, "column of what a thread's rumour turned out to be"] = "",
    between: Annotated[Sequence[str], "the two values of veracity compared"] = ("false", "true"),
    depth: Annotated[str, "column of how many replies a post is from the first"] = "",
    seconds: Annotated[str, "column of seconds since the first post"] = "",
    stance: Annotated[str, "column of a post's stance"] = "",
    stances: Annotated[
        Sequence[str], "values of stance whose share of posts is compared", Needs("stance")
    ] = ("deny", "support"),
    post: Annotated[str, "column of posts, each once in a thread"] = "",
    parent: Annotated[str, "column of the post that a reply answers"] = "",
    drop: Drop = "",
    duplicates: Duplicates = "keep",
    public: Public = False,
    min_group: MinGroup = MIN_GROUP,
    seed: Seed = 0,
    draws: Draws = DRAWS,
    progress: Progress = None,
) -> Audit:
    """How something new spreads among people: adoption, rumours, or strong and weak ties.

    Raises InputError unless exactly one of time, thread and strength is given, with none of the
    options that belong to another question; and where columns do not hold what they should.
    """
    links = Links(two_names("ties", ties), tuple(layer))
    given: dict[str, Any] = {
        "time": time,
        "never": never,
        "start": start,
        "within": within,
        "node": node,
        "strength": strength,
        "thread": thread,
        "veracity": veracity,
        "between": tuple(between),
        "depth": depth,
        "seconds": seconds,
        "stance": stance,
        "stances": tuple(stances),
        "post": post,
        "parent": parent,
    }
    asked = _asked(given, links, network is not None)
    if draws < 1:
        raise InputError("nothing to compare with", field="draws", value=draws, allowed="1 or more")
    rows = open_table(table, drop=drop, duplicates=duplicates)
    webs = [] if network is None else [open_table(network, duplicates=duplicates)]
    least = 1 if public else min_group
    hidden: tuple[Suppressed, ...] = ()
    chance = Chance(seed, draws, progress)
    people = None
    if asked == "time":
        people = People.read(rows, time, never, start, within)
        answers = [when_adopted(people, least)]
        for web in webs:
            columns = {"node": node, "time": time, "within": within}
            answers.append(who_came_first(people, web, links, chance, least, **columns))
    elif asked == "thread":
        answers = [how_threads_differ(rows, given, least)]
    else:
        answers = [strong_and_weak(rows, strength, links, chance, least)]
    series = {name: one for _, found, _ in answers for name, one in found.items()}
    few = any(SUPPRESSED in one.cannot_say for findings, _, _ in answers for one in findings)
    if CHARTS[asked] not in series and (people.rows < least if people else few):
        hidden = (suppressed(CHARTS[asked], too_few(UNITS[asked], least)),)
    return Audit(
        kind="diffusion",
        title=TITLES[asked],
        findings=tuple(one for findings, _, _ in answers for one in findings),
        series=series,
        suppressed=hidden,
        notes=(
            *(note for one in (rows, *webs) for note in one.notes),
            *(note for _, _, notes in answers for note in notes),
            NO_TARGETS,
        ),
        inputs=tuple(one.provenance for one in (rows, *webs)),
    )


def _asked(given: Mapping[str, Any], links: Links, network: bool) -> str:
    """The option that decides the question; InputError if options contradict each other."""
    chosen = [name for name in QUESTIONS if given[name]]
    if len(chosen) != 1:
        raise InputError(
            "no question was asked" if not chosen else "two questions were asked at once",
            field=" and ".join(chosen) or "time, thread, strength",
            allowed="; or ".join(f"{name} ({asks})" for name, asks in QUESTIONS.items()),
        )
    asked = chosen[0]
    for other, names in BELONGS.items():
        for name in names if other != asked else ():
            if given[name] != DEFAULTS.get(name, ""):
                raise InputError(
                    f"does not belong to the question {QUESTIONS[asked]}",
                    field=name,
                    value=given[name],
                    allowed=f"with {other}",
                )
    if network and asked != "time":
        raise InputError(
            "a second table belongs to adoption alone", field="network", allowed="with time"
        )
    if links != Links(DEFAULTS["ties"], ()) and asked != "strength" and not network:
        raise InputError(
            "there are no ties", field="ties, layer", allowed="with strength, or a second table"
        )
    return asked
