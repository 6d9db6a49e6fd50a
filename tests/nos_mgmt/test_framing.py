"""The two framings: whatever way octets come, whole messages come out, and what is no frame is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nos_mgmt.netconf.framing import CHUNK_SIZE, END, Deframer, FramingError, framed

LIMIT = 1 << 20
MESSAGES = st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5)
# a message that holds the marker is not one for the first framing (RFC 6242 section 3)
MARKED = st.lists(
    st.binary(max_size=200).map(lambda message: message.replace(b"]", b"").lstrip()), min_size=1, max_size=5
)


def deframer(*, chunked: bool, limit: int = LIMIT) -> Deframer:
    made = Deframer(limit)
    made.chunked = chunked
    return made


def messages(deframer: Deframer, *pieces: bytes) -> list[bytes]:
    """Return the messages that come out of `pieces`."""
    found = []
    for piece in pieces:
        deframer.feed(piece)
        while (message := deframer.next()) is not None:
            found.append(message)
    return found


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """Return `stream` in pieces of the sizes, which begin again when they are used up."""
    pieces = []
    while stream:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[:size])
        stream = stream[size:]
    return pieces


CUTS = st.lists(st.integers(1, 50), min_size=1, max_size=10)


@given(MARKED, CUTS)
def test_marked_messages_come_out_whole_however_they_are_cut(sent: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(b"".join(framed(message, chunked=False)) for message in sent)
    assert messages(deframer(chunked=False), *cut(stream, sizes)) == sent


@given(MESSAGES, CUTS)
def test_chunked_messages_come_out_whole_however_they_are_cut(sent: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(b"".join(framed(message, chunked=True)) for message in sent)
    assert messages(deframer(chunked=True), *cut(stream, sizes)) == sent


@given(MESSAGES, CUTS, CUTS)
def test_chunks_of_any_size_make_the_message(sent: list[bytes], chunks: list[int], sizes: list[int]) -> None:
    stream = b"".join(
        b"".join(b"\n#%d\n%b" % (len(chunk), chunk) for chunk in cut(message, chunks)) + b"\n##\n" for message in sent
    )
    assert messages(deframer(chunked=True), *cut(stream, sizes)) == sent


@given(st.binary(max_size=64), CUTS)
def test_any_octets_give_messages_or_a_framing_error(garbage: bytes, sizes: list[int]) -> None:
    try:
        found = messages(deframer(chunked=True, limit=100), *cut(garbage, sizes))
    except FramingError:
        return
    assert all(found)


def test_a_long_message_goes_out_in_many_chunks() -> None:
    pieces = framed(b"x" * (CHUNK_SIZE * 2 + 1), chunked=True)
    assert [piece.partition(b"x")[0] for piece in pieces] == [b"\n#16384\n", b"\n#16384\n", b"\n#1\n"]
    assert pieces[-1].endswith(b"\n##\n")


@pytest.mark.parametrize(
    "octets",
    [
        b"\n#0\n\n##\n",  # RFC 6242 section 4.2: a chunk has an octet at least
        b"\n#05\nhello\n##\n",  # and its size no leading zero
        b"\n#4294967296\n",
        b"\n#99999999999\n",
        b"\n#-5\nhello",
        b"\n#+5\nhello",
        b"\n# 5\nhello",
        b"\n#5 \nhello",
        b"\n#0x5\nhello",
        b"\n#5\r\nhello",
        b"\n#\nhello",
        b"\n##\n",  # the end of a message that has not begun
        b"\n\n##\n",
        b"\n#5#\n",
        b"#5\nhello",
        b"hello",
        b"\n#five\n",
        b"<rpc/>]]>]]>",
        b"\x00",
    ],
)
def test_what_is_no_chunk_is_refused(octets: bytes) -> None:
    for pieces in ([octets], cut(octets, [1])):
        with pytest.raises(FramingError):
            messages(deframer(chunked=True), *pieces)


@pytest.mark.parametrize(
    "octets", [b"\n#4\nhello\n##\n", b"\n#6\nhello\n##\n", b"\n#5\nhello\n#2\nyou\n##\n", b"\n#5\nhello#"]
)
def test_a_chunk_that_lies_about_its_length_is_refused_where_the_next_should_begin(octets: bytes) -> None:
    with pytest.raises(FramingError):
        messages(deframer(chunked=True), octets, b"\n#5\nworld\n##\n")


def test_a_chunk_that_promises_more_than_comes_is_waited_for() -> None:
    waiting = deframer(chunked=True)
    assert messages(waiting, b"\n#10\nhello") == []
    assert messages(waiting, b"world\n##\n") == [b"helloworld"]


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"\n#", b"\n#1", b"\n#12345", b"\n#5\nhel", b"\n#5\nhello", b"\n#5\nhello\n##"]
)
def test_the_beginning_of_a_chunk_is_waited_for(octets: bytes) -> None:
    assert messages(deframer(chunked=True), octets) == []


def test_a_message_may_be_as_long_as_the_limit_and_no_longer() -> None:
    for chunked in (False, True):
        stream = b"".join(framed(b"12345", chunked=chunked))
        assert messages(deframer(chunked=chunked, limit=5), stream, stream) == [b"12345"] * 2
        with pytest.raises(FramingError, match="more than 4 octets"):
            messages(deframer(chunked=chunked, limit=4), stream)


def test_a_message_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(FramingError, match="more than 100 octets"):
        messages(deframer(chunked=False, limit=100), *[b"x" * 50] * 3)
    with pytest.raises(FramingError, match="more than 100 octets"):
        messages(deframer(chunked=True, limit=100), b"\n#101\n")
    with pytest.raises(FramingError, match="more than 100 octets"):
        messages(deframer(chunked=True, limit=100), b"\n#60\n" + b"x" * 60 + b"\n#41\n")


def test_a_marker_in_a_chunk_is_data() -> None:
    message = b"<a>" + END + b"</a>"
    assert messages(deframer(chunked=True), *framed(message, chunked=True)) == [message]


def test_white_space_between_marked_messages_belongs_to_none() -> None:
    # somebody who types messages ends lines, and an XML declaration has to stand first
    stream = b"<?xml version='1.0'?><a/>]]>]]>\r\n<?xml version='1.0'?><b/>]]>]]>\n"
    assert messages(deframer(chunked=False), stream) == [b"<?xml version='1.0'?><a/>", b"<?xml version='1.0'?><b/>"]


def test_the_framing_can_change_between_messages() -> None:
    changing = Deframer(LIMIT)
    changing.feed(b"<hello/>]]>]]>\n#5\n<rpc>\n#6\n</rpc>\n##\n")
    assert changing.next() == b"<hello/>"
    changing.chunked = True
    assert changing.next() == b"<rpc></rpc>"
    assert changing.next() is None
