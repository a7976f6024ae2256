"""When to wait for a part and when to give it up."""

from pathlib import Path

import pytest

from codestroke.services.parts import Part, PartState
from codestroke.services.readiness import tail, telling, wait_until_ready
from codestroke.services.supervise import ProcessInfo
from schemas.errors import PeerUnavailable


def _info(pid: int, state: PartState = PartState.RUNNING) -> ProcessInfo:
    return ProcessInfo(state=state, pid=pid, uptime_s=0)


def test_a_part_that_keeps_dying_is_given_up_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "triton.log"
    log.write_text("I1124 fine\nE1124 07:00 failed to load 'lvo'\n")
    pids = iter(range(1, 100))
    with pytest.raises(PeerUnavailable, match="failed to load 'lvo'"):
        wait_until_ready(Part.TRITON, lambda: None, lambda: _info(next(pids)), log)
    assert next(pids) == 5


def test_a_failed_part_is_given_up_at_once(tmp_path: Path) -> None:
    with pytest.raises(PeerUnavailable, match="keeps dying"):
        wait_until_ready(Part.KAFKA, lambda: None, lambda: _info(1, PartState.FAILED), tmp_path / "none.log")


def test_a_ready_part_is_ready_only_while_it_runs(tmp_path: Path) -> None:
    answers = iter([ProcessInfo(PartState.STARTING, None, None), _info(7)])
    wait_until_ready(Part.POSTGRES, lambda: "18.4", lambda: next(answers), tmp_path / "none.log")
    assert next(answers, None) is None


def test_errors_are_preferred_to_the_last_lines() -> None:
    assert telling(["E1124 07:01 bad", "bye"]) == "E1124 07:01 bad"
    assert telling(["FATAL:  no", "x"]) == "FATAL:  no"
    assert telling(["one", "two"]) == "one\ntwo"


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert tail(tmp_path / "none.log") == ""
