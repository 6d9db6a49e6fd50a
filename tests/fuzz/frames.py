"""What has to hold for any octets in either framing: however they are split they are the same messages, or the same error."""

from __future__ import annotations

from random import Random

from nos_mgmt.netconf.framing import END, Deframer, FramingError, framed

LIMIT = 5000
PIECES = (
    *(
        b"\n#",
        b"\n##\n",
        b"\n#1\n",
        b"\n#0\n",
        b"\n#01\n",
        b"\n#4294967295\n",
        b"\n#4294967296\n",
        b"\n#5000\n",
        b"\n#-1\n",
    ),
    *(b"\n", b"#", b"]]>]]>", b"]]>", b"]]", b"\r\n", b"\x00", b"\xff", b" ", b"9" * 20),
)


def stream(random: Random, *, chunked: bool) -> bytes:
    """Return some messages in a framing, damaged now and then."""
    content = b""
    for _ in range(random.randint(1, 5)):
        message = bytes(random.choices(b"<a>]#\n0", k=random.choice((1, 3, 50, 400))))
        if not chunked:
            content += message.replace(END, b"") + END
            continue
        while message:
            size = random.randint(1, len(message))
            content += b"\n#%d\n%b" % (size, message[:size])
            message = message[size:]
        content += b"\n##\n"
    for _ in range(random.choice((0, 0, 1, 2))):
        start = random.randrange(len(content) + 1)
        end = start + random.choice((0, 1, 3))
        content = content[:start] + random.choice((b"", random.choice(PIECES))) + content[end:]
    return content


def taken(content: bytes, cuts: list[int], *, chunked: bool) -> tuple[list[bytes], bool]:
    """Return the messages in what is fed piece by piece, and whether it ended as no frame."""
    deframer = Deframer(LIMIT)
    deframer.chunked = chunked
    found: list[bytes] = []
    try:
        for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
            deframer.feed(content[start:end])
            while (message := deframer.next()) is not None:
                assert len(message) <= LIMIT
                found.append(message)
    except FramingError:
        return found, True
    return found, False


def split(number: int, count: int) -> None:
    """Deframe `count` streams made of the seed `number`, at once, octet by octet and in pieces."""
    random = Random(number)
    for turn in range(count):
        chunked = turn % 2 == 0
        content = stream(random, chunked=chunked)
        whole = taken(content, [], chunked=chunked)
        some = sorted(random.randrange(len(content) + 1) for _ in range(random.randint(1, 10)))
        for cuts in (some, list(range(1, len(content)))):
            assert taken(content, cuts, chunked=chunked) == whole, (number, content, cuts)
        for message in whole[0]:
            again = b"".join(framed(message, chunked=chunked))
            if message:
                assert taken(again, [], chunked=chunked) == ([message], False), (number, message)
