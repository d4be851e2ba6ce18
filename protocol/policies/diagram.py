"""A policy compiled: everything that the facts it names can come to, as one small graph.

Each fact is a variable, its values put into classes that the policy tells apart; the policy is a reduced,
ordered, multi-valued decision diagram over them (R. E. Bryant, Graph-Based Algorithms for Boolean Function
Manipulation, IEEE Trans. Computers C-35(8), 1986; for many values: A. Srinivasan et al., ICCAD 1990). Putting
the known facts in leaves a graph of what is open: its ends are the outcomes still possible, exactly, and the
variables in it are the facts that could still tell, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final, TypeAlias

from protocol.policies.formula import AllOf, AnyOf, Formula, Outcome, Rule, Unless

__all__ = ["Diagram", "Left", "Node", "TooComplicated", "Variable", "compiled"]

# Reached by no policy that a person would write; above it, evaluation would take longer than a fact may.
_MOST_NODES: Final = 2_000
# Some 500 bytes each.
_KEPT: Final = 1_000


class TooComplicated(ValueError):
    """The policy's facts can come to more than we keep apart: write it as simpler rules."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A fact by its name, and how many classes of values the policy tells apart."""

    name: str
    classes: int


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A question that is open: which variable, by its place in the order, and what follows for each class."""

    variable: int
    then: tuple[Tree, ...]


Tree: TypeAlias = "Node | Outcome | bool"
# A variable, by its place in the order; the place that each of its classes leads to; these places, each once;
# and for each class the number of its place among them.
_Question: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Left:
    """What facts leave: the outcomes still possible, and the facts that could still tell, by name."""

    outcomes: frozenset[Outcome]
    open: frozenset[str]


class Diagram:
    """What follows from the facts; `left` puts in what is known.

    It is laid out flat: the ends first, then every question after those that its answers lead to, the root
    last.
    """

    def __init__(self, variables: tuple[Variable, ...], root: Tree) -> None:
        self.variables = variables
        nodes = sorted(_nodes(root), key=lambda node: -node.variable)
        self._ends = _ends(root, nodes)
        places = {id(tree): place for place, tree in enumerate((*self._ends, *nodes))}
        # An end asks for what is never known, so that nobody has to look whether he stands on one.
        self._questions = [_question(len(variables), ()) for _ in self._ends]
        self._questions += [_question(n.variable, [places[id(child)] for child in n.then]) for n in nodes]
        self._bits = [1 << (len(self._ends) + place) for place in range(len(variables))]
        # By what can be reached: few answers come of very many facts.
        self._said: dict[int, Left] = {}

    def size(self) -> int:
        """Count the questions."""
        return len(self._questions) - len(self._ends)

    def left(self, known: Mapping[str, int]) -> Left:
        """Tell what is still possible, and which facts could tell, given the class of each that is known."""
        reached = self._reached(self._open([*(known.get(one.name) for one in self.variables), None]))
        found = self._said.get(reached)
        if found is None:
            if len(self._said) >= _KEPT:
                self._said.clear()
            found = self._said[reached] = self._told(reached)
        return found

    def _open(self, classes: list[int | None]) -> dict[int, list[int]]:
        """List the places that are open and can be reached, each with those that follow it, the first first.

        What is known is passed over. So only what is open is gone to: little, once most is known.
        """
        questions, opened = self._questions, dict[int, list[int]]()
        waiting = _passed((len(questions) - 1,), questions, classes)
        while waiting:
            place = waiting.pop()
            if place not in opened:
                opened[place] = after = _passed(questions[place][2], questions, classes)
                waiting += after
        return opened

    def _reached(self, opened: Mapping[int, list[int]]) -> int:
        """Give a bit for every end that can be reached, and every variable that could tell.

        Questions whose answers all come to the same are none, and those that come to the same are one: what
        each comes to is the first place that is like it.
        """
        comes_to: dict[int, int] = {}
        reached: dict[int, int] = {}
        like: dict[tuple[int, ...], int] = {}
        for place in sorted(opened):
            after = [comes_to[one] for one in opened[place]]
            if not after:
                comes_to[place], reached[place] = place, 1 << place
                continue
            if after.count(after[0]) == len(after):
                comes_to[place] = after[0]
                continue
            variable, _, _, answers = self._questions[place]
            comes_to[place] = first = like.setdefault((variable, *[after[n] for n in answers]), place)
            if first == place:
                reached[place] = reduce(or_, [reached[one] for one in after], self._bits[variable])
        return reached[comes_to[next(iter(opened))]]

    def _told(self, reached: int) -> Left:
        ends = enumerate(self._ends)
        asked = zip(self.variables, self._bits, strict=True)
        return Left(
            frozenset(end for place, end in ends if reached >> place & 1 and isinstance(end, Outcome)),
            frozenset(variable.name for variable, bit in asked if reached & bit),
        )


def _question(variable: int, then: Sequence[int]) -> _Question:
    different = tuple(dict.fromkeys(then))
    return variable, tuple(then), different, tuple(different.index(place) for place in then)


def _passed(places: Iterable[int], questions: list[_Question], classes: list[int | None]) -> list[int]:
    """Follow what is known from each place to the first that is open, or an end."""
    found = []
    for place in places:
        variable, then, _, _ = questions[place]
        while (known := classes[variable]) is not None:
            place = then[known]  # noqa: PLW2901 - it goes on from there
            variable, then, _, _ = questions[place]
        found.append(place)
    return found


def _nodes(root: Tree) -> tuple[Node, ...]:
    """List the questions, each once."""
    found: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, Node) and id(tree) not in found:
            found[id(tree)] = tree
            waiting.extend(tree.then)
    return tuple(found.values())


def _ends(root: Tree, nodes: Iterable[Node]) -> tuple[Outcome | bool, ...]:
    """List what the questions lead to, each once."""
    trees = (root, *(child for node in nodes for child in node.then))
    return tuple({id(tree): tree for tree in trees if not isinstance(tree, Node)}.values())


def _made(made: dict[tuple[int, tuple[int, ...]], Node], variable: int, then: tuple[Tree, ...]) -> Tree:
    """Make a question once, and none whose answer changes nothing."""
    if all(child is then[0] for child in then):
        return then[0]
    key = variable, tuple(id(child) for child in then)
    if key not in made:
        made[key] = Node(variable, then)
    return made[key]


def compiled(
    variables: Iterable[Variable], rules: Iterable[Rule], ask: Callable[[Formula], tuple[str, frozenset[int]]]
) -> tuple[Diagram, tuple[bool, ...]]:
    """Compile rules, the first that holds deciding, and `refer` when none does.

    Args:
        variables: the facts, in the order in which they are asked.
        rules: what decides.
        ask: which variable an atom asks about, and for which of its classes it holds; an empty name: it is
            not asked, and holds if the set is not empty.

    Returns:
        The diagram, and of each rule whether there is any way in which it decides.

    Raises:
        TooComplicated: the diagram would be too large.
    """
    builder = _Builder(tuple(variables), ask)
    conditions = [(rule.outcome, builder.built(rule.when)) for rule in rules]
    before: Tree = False
    decides = []
    for _, holds in conditions:
        decides.append(builder.choice(before, False, holds) is not False)
        before = builder.choice(before, True, holds)
    root: Tree = Outcome.REFER
    for outcome, holds in reversed(conditions):
        root = builder.choice(holds, outcome, root)
    return Diagram(builder.variables, root), tuple(decides)


class _Builder:
    """Makes each question once, so that equal graphs are the same object."""

    def __init__(
        self, variables: tuple[Variable, ...], ask: Callable[[Formula], tuple[str, frozenset[int]]]
    ) -> None:
        self.variables = variables
        self._places = {variable.name: place for place, variable in enumerate(variables)}
        self._ask = ask
        self._made: dict[tuple[int, tuple[int, ...]], Node] = {}
        self._chosen: dict[tuple[int, int, int], Tree] = {}

    def built(self, formula: Formula) -> Tree:
        """Build what a formula comes to: true or false at its ends."""
        match formula:
            case AllOf(parts):
                whole: Tree = True
                for part in reversed(parts):
                    whole = self.choice(self.built(part), whole, False)
                return whole
            case AnyOf(parts):
                whole = False
                for part in reversed(parts):
                    whole = self.choice(self.built(part), True, whole)
                return whole
            case Unless(part):
                return self.choice(self.built(part), False, True)
            case _:
                return self._atom(formula)

    def _atom(self, atom: Formula) -> Tree:
        name, holding = self._ask(atom)
        if not name:
            return bool(holding)
        place = self._places[name]
        then = tuple(kind in holding for kind in range(self.variables[place].classes))
        return _made(self._made, place, then)

    def choice(self, holds: Tree, yes: Tree, no: Tree) -> Tree:
        """Give the one where something holds, and the other where it does not."""
        if holds is True or yes is no:
            return yes
        if not isinstance(holds, Node):
            return no
        key = id(holds), id(yes), id(no)
        if key not in self._chosen:
            if len(self._chosen) > _MOST_NODES * 10 or len(self._made) > _MOST_NODES:
                raise TooComplicated("what the facts can come to is too much to keep apart")
            self._chosen[key] = self._split(holds, yes, no)
        return self._chosen[key]

    def _split(self, holds: Node, yes: Tree, no: Tree) -> Tree:
        place = min(tree.variable for tree in (holds, yes, no) if isinstance(tree, Node))
        then = (
            self.choice(_at(holds, place, kind), _at(yes, place, kind), _at(no, place, kind))
            for kind in range(self.variables[place].classes)
        )
        return _made(self._made, place, tuple(then))


def _at(tree: Tree, place: int, kind: int) -> Tree:
    return tree.then[kind] if isinstance(tree, Node) and tree.variable == place else tree
