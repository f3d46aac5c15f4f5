"""Answers from what a family says: chapter 7 of SPEC.md, and nothing but it.

Types are local type ids, and None for any other type. Entries are given by their ids.
"""

import dataclasses

NO_METHOD, AMBIGUOUS, FIRST_ENTRY = 0, 1, 2
LEAF = 0x80000000
MASK_64 = (1 << 64) - 1


class BadFile(Exception):
    """The file is whole but says something impossible."""


@dataclasses.dataclass
class Family:
    """A family's content, however it is stored."""

    arity: int
    rule: str
    # Local type ids of the parameters.
    params: list
    # For each local type, and for each parameter, whether it is under it.
    above: list
    # For each entry a parameter reference for each position.
    patterns: list
    specificities: list
    defaults: list
    # Rule precedence: the positions in order, and each type's parameters, nearest first.
    order: list = dataclasses.field(default_factory=list)
    lists: list = dataclasses.field(default_factory=list)
    # Optimization: how to find an outcome without a scan, from a tuple of types.
    find: object = None

    def under(self, local, reference):
        if reference == 0:
            return True
        return local is not None and self.above[local][reference - 1]

    def reference_under(self, lower, upper):
        return upper == 0 or (lower != 0 and self.under(self.params[lower - 1], upper))

    def at_least_as_specific(self, left, right):
        return all(map(self.reference_under, self.patterns[left], self.patterns[right]))

    def applying(self, types):
        """Entries that apply, in file order."""
        return [entry for entry, pattern in enumerate(self.patterns) if all(map(self.under, types, pattern))]

    def candidates(self, types):
        """What the outcome is chosen from, in file order."""
        applying = self.applying(types)
        if self.rule == "symmetric":
            return [entry for entry in applying
                    if not any(other != entry and self.at_least_as_specific(other, entry) for other in applying)]
        if self.rule == "precedence":
            return [min(applying, key=lambda entry: self.distances(entry, types))] if applying else []
        if self.rule == "levels":
            level = min((self.specificities[entry] for entry in applying), default=0)
            return [entry for entry in applying if self.specificities[entry] == level]
        raise BadFile("the entries do not tell the outcome of a custom rule")

    def distances(self, entry, types):
        """How far each of the entry's parameters is from the argument's type, in the order of positions."""
        def distance(position):
            near = [] if types[position] is None else self.lists[types[position]]
            reference = self.patterns[entry][position]
            return near.index(reference - 1) if reference else len(near)
        return [distance(position) for position in self.order]

    def scan(self, types):
        candidates = self.candidates(types)
        marked = [entry for entry in candidates if self.defaults[entry]]
        if self.rule == "levels" and len(candidates) > 1 and len(marked) == 1:
            candidates = marked
        if not candidates:
            return NO_METHOD
        return FIRST_ENTRY + candidates[0] if len(candidates) == 1 else AMBIGUOUS

    def outcome(self, types):
        found = self.find(types) if self.find else self.scan(types)
        if found >= FIRST_ENTRY + len(self.patterns):
            raise BadFile("an outcome names an entry that is not there")
        return found


class Classes:
    """Section CLAS: the class counts, and the class of each local type at each position."""

    def __init__(self, counts, of_types):
        self.counts, self.of_types = counts, of_types

    def of(self, position, local):
        found = 0 if local is None else self.of_types[position][local]
        if local is not None and found >= self.counts[position]:
            raise BadFile("a class is not smaller than the class count")
        return found

    def number(self, types):
        """Number of the tuple of classes: the last position counts fastest."""
        number = 0
        for position, local in enumerate(types):
            number = number * self.counts[position] + self.of(position, local)
        return number


def walk(classes, words):
    """Optimization 3."""
    def find(types):
        parent, child = 0, words[0]
        while child < LEAF:
            if child <= parent or child >= len(words):
                raise BadFile("a node does not begin behind the one that refers to it")
            position, class_count = words[child] & 0xFF, words[child] >> 8
            if position >= len(types):
                raise BadFile("a node tests a position that is not there")
            found = classes.of(position, types[position])
            if found >= class_count or child + 1 + found >= len(words):
                raise BadFile("a node has no such child")
            parent, child = child, words[child + 1 + found]
        return child - LEAF
    return find


def look_up(classes, cell_bits, cells):
    """Optimization 4; `cells` with the bytes behind the last."""
    bits = int.from_bytes(cells, "little")

    def find(types):
        return bits >> (classes.number(types) * cell_bits) & ((1 << cell_bits) - 1)
    return find


def look_into_slot(classes, displacements, slots):
    """Optimization 5; a slot is a tuple and an outcome."""
    def find(types):
        number = classes.number(types)
        spread = (number + 1) * 0x9E3779B97F4A7C15 & MASK_64
        displacement = displacements[(spread >> 32) * len(displacements) >> 32]
        mixed = (spread ^ spread >> 29) * (2 * displacement + 0x852561C1A7B34E4D) & MASK_64
        found, outcome = slots[((mixed ^ mixed >> 32) & 0xFFFFFFFF) * len(slots) >> 32]
        return outcome if found == number else NO_METHOD
    return find
