"""Documents are met once, whatever their number, in memory that does not grow with it."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from grn_extract.sources._seen import Seen

NAMES = st.one_of(
    st.integers(0, 2**31).map(lambda number: f"PMID:{number}"),
    st.sampled_from(["PMID:", "PMID:x", "PMID:007", "PMID:7", "text:a", "7", "PMID:\u0667"]),
    st.text(max_size=3),
)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["one", "other"]))))
def test_of_several_documents_with_one_id_only_the_first_is_new(documents: list[tuple[str, str]]) -> None:
    first: dict[str, str] = {}
    with Seen() as seen:
        for name, text in documents:
            key = (
                f"PMID:{int(name[5:])}" if name[5:].isascii() and name[5:].isdecimal() and name[:5] == "PMID:" else name
            )
            assert seen.add(name, text) == (key not in first)
            first.setdefault(key, text)
            assert seen.is_same(name, text) == (name.startswith("PMID:") or first[key] == text)


def test_as_many_documents_as_a_job_may_have_take_no_memory_to_speak_of() -> None:
    tracemalloc.start()
    with Seen() as seen:
        assert all(seen.add(f"PMID:{40 * number}", "") for number in range(300_000))
        assert all(seen.add(f"note:{number}", "") for number in range(20_000))
        most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * 2**20
