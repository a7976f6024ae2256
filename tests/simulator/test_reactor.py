"""While a study is sent, pynetdicom's reactor never runs, and afterwards it does."""

from __future__ import annotations

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

from simulator.reactor import paused_reactor
from simulator.render import Order, render
from simulator.specs import KneeCt
from tests.simulator.inbox import SUCCESS, listening


def test_reactor_stays_paused_between_instances_and_runs_after_them() -> None:
    entity, running = AE(ae_title="SIM-CT"), list[bool]()
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    with listening() as inbox:
        association = entity.associate("127.0.0.1", inbox.door.port)
        with paused_reactor(association):
            for instance in list(render(Order(seed=1, number=1, spec=KneeCt())))[:5]:
                assert association.send_c_store(instance).Status == SUCCESS
                running.append(association._reactor_checkpoint.is_set())
        assert association._reactor_checkpoint.is_set()
        association.release()
    assert running == [False] * 5
    assert association.is_released
