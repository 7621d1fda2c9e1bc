"""A name server on loopback that says what a test wants, and nothing else."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Literal

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], tuple[str, ...]]
Mood = Literal["honest", "silent", "failing", "garbage", "endless"]


def _answer(question: dns.message.Message, records: Records, mood: Mood) -> bytes:
    answer = dns.message.make_response(question)
    asked = question.question[0]
    name, kind = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
    if mood == "failing":
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer.to_wire()
    if mood == "endless":
        answer.answer = [
            dns.rrset.from_text(
                name, 60, "IN", "TXT", *(f'"{n:0>200}"' for n in range(250))
            )
        ]
        return answer.to_wire(max_size=65_535)
    values = records.get((name.rstrip(".") or ".", kind))
    known = {known for known, _ in records}
    if values:
        answer.answer = [dns.rrset.from_text(name, 60, "IN", kind, *values)]
    elif (name.rstrip(".") or ".") not in known:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    if ("proved", "") in records:
        answer.flags |= dns.flags.AD
    return answer.to_wire()


@contextmanager
def serving(records: Records, mood: Mood = "honest") -> Iterator[int]:
    """Run the server over UDP until the end; give its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", 0))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    content, client = place.recvfrom(4096)
                    if mood == "silent":
                        continue
                    reply = b"\xff" * 40
                    if mood != "garbage":
                        question = dns.message.from_wire(content)
                        reply = _answer(question, records, mood)
                    place.sendto(reply, client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield place.getsockname()[1]
