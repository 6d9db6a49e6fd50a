"""Disagreements that are libyang's: each with the sentence that decides it, as docs/conformance.md has them."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from tests.differential.third import agrees_with_us
from yang.types import LeafrefType, UnionType
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.schema import Schema


class Known(NamedTuple):
    """A disagreement that is left, and why our verdict stands."""

    name: str
    section: str
    sentence: str
    """What decides it."""
    ours: re.Pattern[str] | None
    """What our message says; None where we find the instance valid."""
    theirs: re.Pattern[str] | None
    """What libyang's says, likewise."""
    applies: Callable[[Schema, str], bool] = lambda _, __: True
    """Whether a schema and a document have what it takes."""


def has_an_empty_container(schema: Schema, document: str) -> bool:
    """Return whether a container without presence is written though there is nothing in it."""
    containers = {node.tag for node in schema.root.descendants() if node.kind == "container" and not node.presence}
    root = etree.fromstring(f"<root>{document}</root>")
    return any(element.tag in containers and not len(element) for element in root.iter(etree.Element))


def has_space_around_a_number(schema: Schema, document: str) -> bool:
    """Return whether a number stands with space."""
    del schema
    return re.search(r">\s+[+-]?[0-9]|[0-9]\s+<", document) is not None


def has_only_space(schema: Schema, document: str) -> bool:
    """Return whether an element holds nothing but space."""
    del schema
    return re.search(r">\s+</", document) is not None


def has_mixed_content(schema: Schema, document: str) -> bool:
    """Return whether text stands beside elements."""
    del schema
    root = etree.fromstring(f"<root>{document}</root>")
    return any(len(element) and (element.text or "").strip() for element in root.iter(etree.Element))


def lacks_a_default(schema: Schema, document: str) -> bool:
    """Return whether a leaf that a when looks at is not there and has a default."""
    root = etree.fromstring(f"<root>{document}</root>")
    present = {element.tag for element in root.iter(etree.Element)}
    every = [node for node in schema.root.descendants() if node.kind == "leaf" and node.default is not None]
    texts = [schema.expression(when.expression).text for node in schema.root.descendants() for when in node.whens]
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    return any(node.tag not in present and node.name in words for node in every)


def has_defaults(schema: Schema, document: str) -> bool:
    """Return whether an instance-identifier names a default, or a container that needs no presence."""
    ends = set(re.findall(r"[\w-]+:([\w-]+)(?=<|$)", document))
    return any(
        node.name in ends
        and (node.default is not None if node.kind == "leaf" else node.kind == "container" and not node.presence)
        for node in schema.root.descendants()
    )


def has_a_unique_below_presence(schema: Schema, _: str) -> bool:
    """Return whether a unique names a leaf in a container with presence."""
    for node in schema.root.descendants():
        for names in (names for unique in node.unique for names in unique):
            below = node
            for name in names:
                below = below.children[name]
                if below.presence:
                    return True
    return False


def has_any(schema: Schema, document: str) -> bool:
    """Return whether there is anydata or anyxml."""
    tags = {node.tag for node in schema.root.descendants() if node.kind in ("anydata", "anyxml")}
    return any(element.tag in tags for element in etree.fromstring(f"<root>{document}</root>").iter())


def has_union_of_leafrefs(schema: Schema) -> bool:
    """Return whether a union has a leafref among its members."""
    leaves = (node.type for node in schema.root.descendants() if node.kind in ("leaf", "leaf-list"))
    return any(
        isinstance(type_, UnionType) and any(isinstance(member, LeafrefType) for member in type_.members)
        for type_ in leaves
    )


def has_address_not_canonical(_: Schema, document: str) -> bool:
    """Return whether an IPv6 address, with a zone or without, is written otherwise than RFC 5952 wants."""
    for element in etree.fromstring(f"<root>{document}</root>").iter():
        address = (element.text or "").partition("%")[0].partition("/")[0]
        try:
            if socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address)) != address:
                return True
        except (OSError, UnicodeEncodeError):
            continue
    return False


def is_read_otherwise(schema: Schema, document: str) -> bool:
    """Return whether a document that we print, in canonical form, stands for another tree than before."""
    tree = read_data(parse_document(f"<config>{document}</config>".encode()), schema)
    return read_data(parse_document(f"<config>{print_children(tree)}</config>".encode()), schema) != tree


IN_JSON = re.compile("^in JSON: ")
SPACED = r"""(['"])((\\[nt]| )+.*|.*(\\[nt]| )+)\1"""
CLASSES = r"(\\[wWdDsSiIcCpP^]|-\[)"

KNOWN = (
    Known(
        "space around a number",
        "RFC 7950 §9.2.1",
        "An integer value is lexically represented as an optional sign ("
        '"+" or "-"), followed by a sequence of decimal digits.',
        re.compile(SPACED + " (is not (an integer|a decimal number)|is not .*(an integer in|a decimal number in))"),
        None,
    ),
    Known(
        "space around a number",
        "RFC 7950 §9.2.1",
        "likewise, in a union, where another member takes the text with the space",
        None,
        re.compile("Duplicate instance"),
        has_space_around_a_number,
    ),
    Known(
        "space around a number",
        "RFC 7950 §9.2.1",
        "likewise, in JSON",
        IN_JSON,
        IN_JSON,
        has_space_around_a_number,
    ),
    Known(
        "bits that are a space",
        "RFC 7950 §9.7.2",
        "A zero-length string thus represents a value where no bits are set.",
        re.compile("names no bit|any of the bits"),
        None,
        has_only_space,
    ),
    Known(
        "keys that do not come first",
        "RFC 7950 §7.8.5",
        "The list's key nodes are encoded as subelements to the list's identifier element, "
        'in the same order as they are defined within the "key" statement.',
        re.compile("the keys of .* come first and in order"),
        None,
    ),
    Known(
        "classes of characters",
        "RFC 7950 §9.4.5",
        'The "pattern" statement, which is an optional substatement to the "type" statement, takes as an argument a '
        "regular expression string, as defined in [XSD-TYPES]. "
        "(There \\w is every character but punctuation, separators and others, and \\d every decimal digit.)",
        re.compile(rf"match the pattern .*{CLASSES}|matching .*{CLASSES}"),
        None,
    ),
    Known(
        "classes of characters",
        "RFC 7950 §9.4.5",
        "likewise",
        None,
        re.compile(rf'Unsatisfied pattern - .* "[^"]*{CLASSES}'),
    ),
    Known(
        "an instance-identifier that needs no instance",
        "RFC 7950 §9.9.3",
        'If "require-instance" is "false", it means that the instance being referred to MAY exist in valid data.',
        None,
        re.compile('(?s)Invalid instance-identifier .* value - (semantic|syntax) error|Invalid union value "/'),
    ),
    *(
        Known(
            "text and elements in an anyxml",
            "RFC 7950 §7.11",
            'The "anyxml" statement is used to represent an unknown chunk of XML. No restrictions are placed on the XML. '
            "(libyang overlooks what comes after it.)",
            ours,
            theirs,
            has_mixed_content,
        )
        for ours, theirs in ((re.compile(""), None), (None, re.compile("")))
    ),
    Known(
        "an anyxml of an unknown namespace",
        "RFC 7950 §7.11",
        'The "anyxml" statement is used to represent an unknown chunk of XML. No restrictions are placed on the XML.',
        None,
        re.compile('No module with namespace "urn:x"'),
    ),
    Known(
        "name()",
        "XPath 1.0 §4.1",
        "The QName must represent the expanded-name with respect to the namespace declarations in effect on the node "
        "whose expanded-name is being represented. "
        "(A name in the default namespace has no prefix; libyang puts the module's.)",
        None,
        re.compile(r"Must condition .*\bname\("),
    ),
    Known(
        "name()",
        "XPath 1.0 §4.1",
        "likewise",
        re.compile(r"must satisfy .*\bname\("),
        None,
    ),
    Known(
        "an empty container",
        "RFC 7950 §7.5.1",
        "In particular, the presence of the container node with no child nodes is semantically equivalent to the "
        "absence of the container node.",
        None,
        re.compile("When condition|both .* cases|Data for both cases"),
        has_an_empty_container,
    ),
    Known(
        "when over a default",
        "RFC 7950 §6.4.1",
        "In the accessible tree, all leafs and leaf-lists with default values in use exist (see Sections 7.6.1 and 7.7.2). "
        "(libyang judges a when before it adds defaults.)",
        None,
        re.compile("When condition"),
        lacks_a_default,
    ),
    Known(
        "when over a default",
        "RFC 7950 §6.4.1",
        "likewise, in JSON, where the empty container of the default is not printed",
        IN_JSON,
        re.compile("^in JSON: When condition"),
        lacks_a_default,
    ),
    Known(
        "IPv6 addresses in JSON",
        "RFC 7950 §9.4.2",
        "The canonical form is the same as the lexical representation. (libyang writes ietf-inet-types as RFC 5952 wants.)",
        IN_JSON,
        IN_JSON,
        has_address_not_canonical,
    ),
    Known(
        "a leafref to a default",
        "RFC 7950 §9.9",
        'If the "require-instance" property (Section 9.9.3) is "true", there MUST exist a node in the data tree, or a node '
        "with a default value in use (see Sections 7.6.1 and 7.7.2), of the referred schema tree leaf or leaf-list node with "
        "the same value as the leafref value in a valid data tree.",
        None,
        re.compile("no target instance .* with the same value"),
        lambda schema, _: any(node.kind == "leaf" and node.default is not None for node in schema.root.descendants()),
    ),
    Known(
        "canonical text that another member of a union takes",
        "RFC 7950 §9.12.3",
        "The canonical form of a union value is the same as the canonical form of the member type of the value. (5 becomes "
        "5.0, which may be text to a member that comes before.)",
        IN_JSON,
        IN_JSON,
        is_read_otherwise,
    ),
    Known(
        "addresses that the patterns take",
        "RFC 7950 §9.4.5",
        'It is used to restrict the built-in type "string", or types derived from "string", to values that match the '
        "pattern. (Those of ipv4-address and ipv6-address take more than inet_pton, which libyang asks of these types "
        "whatever module they are restricted in.)",
        None,
        re.compile(r'Failed to convert IPv[46] address|value "[0-9A-Za-z:.%/]*[:.]0[0-9]+[./"]'),
    ),
    *(
        Known(
            "XPath that libxml2 evaluates as we do",
            "RFC 7950 §6.4",
            "YANG relies on XML Path Language (XPath) 1.0 [XPATH] as a notation for specifying many inter-node references "
            "and dependencies. (Comparisons with empty node-sets and NaN, positions along reverse axes, text nodes.)",
            ours,
            theirs,
            agrees_with_us,
        )
        for ours, theirs in ((re.compile("must-violation"), None), (None, re.compile("Must condition")))
    ),
    Known(
        "an instance-identifier of what is there by default",
        "RFC 7950 §9.13",
        "All such leaf nodes MUST reference existing nodes or leaf or leaf-list nodes with their default value in use (see "
        "Sections 7.6.1 and 7.7.2) for the data to be valid.",
        None,
        re.compile("value - required instance not found"),
        has_defaults,
    ),
    Known(
        "an instance-identifier of what is there by default",
        "RFC 7950 §9.13",
        "likewise, in JSON, where the container that is named is not printed",
        IN_JSON,
        re.compile('^in JSON: (Invalid instance-identifier|Invalid union value "/)'),
        has_defaults,
    ),
    Known(
        "an identity without a prefix where no default namespace is declared",
        "RFC 7950 §9.10.3",
        "If the prefix is not present, the namespace of the identityref is the default namespace in effect on the element "
        "that contains the identityref value. (Where there is none, we take the leaf's module, as RFC 7951 §6.8 does in "
        "JSON, which is a leniency of ours.)",
        None,
        re.compile(r'(?i)identityref "[^":]*" value - unable to map prefix'),
    ),
    Known(
        "floor()",
        "XPath 1.0 §4.4",
        "The floor function returns the largest (closest to positive infinity) number that is not greater than the "
        "argument and that is an integer.",
        None,
        re.compile(r"Invalid must condition .*floor\("),
    ),
    Known(
        "a container that is there twice, once empty",
        "RFC 7950 §7.5.7",
        "A container node is encoded as an XML element.",
        re.compile("is given twice"),
        None,
        has_an_empty_container,
    ),
    Known(
        "unique over defaults below presence",
        "RFC 7950 §7.6.1",
        "Otherwise, the default value MUST be used if the ancestor node exists in the data tree. (The ancestor is the "
        "closest one that is not a non-presence container.)",
        None,
        re.compile("Unique data leaf"),
        has_a_unique_below_presence,
    ),
    Known(
        "anydata and anyxml in JSON",
        "RFC 7950 §7.10",
        "An implementation may or may not know the data model used to model a specific instance of an anydata node. (XML of "
        "no known module is a string in our JSON, so that nothing of it is lost; libyang leaves its namespaces out.)",
        IN_JSON,
        IN_JSON,
        has_any,
    ),
    Known(
        "expressions in leaves of xpath1.0",
        "RFC 7950 §9.4.5",
        'It is used to restrict the built-in type "string", or types derived from "string", to values that match the pattern. '
        "(The typedef xpath1.0 has none. What is no expression is refused by the subscription that would be filtered by it.)",
        None,
        re.compile('-xpath-filter"'),
    ),
    Known(
        "a leafref without an instance in a union, in JSON",
        "RFC 7950 §9.12",
        "When interpreting an XML encoding, a value is validated consecutively against each member type, in the order they "
        'are specified in the "type" statement, until a match is found. (Here libyang is right: it passes over a leafref that '
        "refers to nothing, where we take the leafref's type, which decides between a number and a string.)",
        IN_JSON,
        re.compile("^in JSON: Invalid union value"),
        lambda schema, _: has_union_of_leafrefs(schema),
    ),
    Known(
        "values in an instance-identifier, in JSON",
        "RFC 7950 §9.13.3",
        "Since the lexical form depends on the XML context in which the value occurs, this type does not have a canonical "
        "form. (So that the values in it stay as they are written, and one is no key that another one can name.)",
        IN_JSON,
        IN_JSON,
        lambda _, document: re.search(r"\[[^\]]*=", document) is not None,
    ),
)


def reason(schema: Schema, document: str, ours: str | None, theirs: str | None) -> str | None:
    """Return the name of the listed disagreement that two verdicts are; None if it is none of them."""
    for known in KNOWN:
        if _says(known.ours, ours) and _says(known.theirs, theirs) and known.applies(schema, document):
            return known.name
    return None


def _says(pattern: re.Pattern[str] | None, verdict: str | None) -> bool:
    return verdict is None if pattern is None else verdict is not None and pattern.search(verdict) is not None
