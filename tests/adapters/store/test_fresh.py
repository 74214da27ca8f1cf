"""Ids that people name to us are never taken for numbers, by any mask."""

from adapters.store.fresh import new_id
from cti.masking import masked_text


def test_an_id_is_not_masked_and_not_met_twice() -> None:
    made = [new_id() for _ in range(2000)]
    assert [one for one in made if masked_text(f"incident {one} is over") != f"incident {one} is over"] == []
    assert len(set(made)) == len(made)
