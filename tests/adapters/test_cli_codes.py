"""`cti reason` and `cti disposition`: what agents may say, from the command line."""

from __future__ import annotations

from tests.adapters.test_cli_queues import centre as centre
from tests.adapters.test_cli_queues import cti, done, listed


def test_a_reason_is_added_changed_where_it_is_said_and_removed() -> None:
    done("reason", "set", "lunch", "--title", "用餐", "--title-en", "Lunch", "--limit", "1800", "--order", "15")
    done("reason", "set", "break", "--limit", "600")
    assert [(one["code"], one["limit_seconds"]) for one in listed("reason")] == [
        ("busy", 0),
        ("lunch", 1800),
        ("break", 600),
        ("away", 0),
    ]
    done("reason", "set", "lunch", "--inactive")
    lunch = listed("reason")[1]
    assert (lunch["active"], lunch["title"], lunch["limit_seconds"]) == (False, "用餐", 1800)
    done("reason", "remove", "lunch")
    assert "lunch" not in [one["code"] for one in listed("reason")]
    assert cti("reason", "remove", "break").exit_code == 1
    assert [one["action"] for one in listed("audit")][:2] == ["reasons.remove_reason", "reasons.change_reason"]


def test_a_disposition_is_added_moved_given_to_queues_and_removed() -> None:
    done("queue", "add", "sales", "--set", "disposition_required=yes")
    done("disposition", "set", "complaint", "--title", "投诉", "--title-en", "Complaint")
    done("disposition", "set", "late", "--parent", "complaint", "--queue", "sales")
    assert [(one["code"], one["parent"], one["queues"]) for one in listed("disposition")] == [
        ("complaint", None, []),
        ("late", "complaint", ["sales"]),
    ]
    assert "sales" in cti("disposition", "list").stdout
    assert cti("disposition", "remove", "complaint").exit_code == 1
    done("disposition", "set", "late", "--parent", "", "--queue", "all")
    assert [(one["parent"], one["queues"]) for one in listed("disposition")] == [(None, []), (None, [])]
    done("disposition", "remove", "complaint")
    assert listed("queue")[0]["disposition_required"] is True


def test_what_makes_no_sense_is_refused_by_name() -> None:
    for named, *words in (
        ("server", "reason", "set", "no_answer"),
        ("code", "reason", "set", "Lunch"),
        ("limit_seconds", "reason", "set", "lunch", "--limit", "-1"),
        ("nothing", "reason", "remove", "nothing"),
        ("nowhere", "disposition", "set", "sold", "--parent", "nowhere"),
        ("nowhere", "disposition", "set", "sold", "--queue", "nowhere"),
        ("nothing", "disposition", "remove", "nothing"),
    ):
        refused = cti(*words)
        assert refused.exit_code == 1, words
        assert named in refused.output
