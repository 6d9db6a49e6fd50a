"""What a client can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nos_mgmt.netconf import (
    committing,
    comparing,
    datastores,
    editing,
    history,
    locking,
    nmda,
    notifications,
    partial_locking,
    reading,
    scheduling,
    sessions,
    subscribing,
)
from nos_mgmt.netconf.messages import HISTORY
from nos_mgmt.notifications.state_changes import PUSH, SUBSCRIBED
from yang.diff import NETCONF

if TYPE_CHECKING:
    from collections.abc import Callable

    from nos_mgmt.netconf.session import Call

OPERATIONS: dict[str, Callable[[Call], str | None]] = {
    f"{{{NETCONF}}}get": reading.get,
    f"{{{NETCONF}}}get-config": reading.get_config,
    f"{{{NETCONF}}}edit-config": editing.edit_config,
    f"{{{NETCONF}}}copy-config": editing.copy_config,
    f"{{{NETCONF}}}delete-config": editing.delete_config,
    f"{{{NETCONF}}}discard-changes": editing.discard_changes,
    f"{{{NETCONF}}}lock": locking.lock,
    f"{{{NETCONF}}}unlock": locking.unlock,
    f"{{{partial_locking.PARTIAL_LOCK}}}partial-lock": partial_locking.partial_lock,
    f"{{{partial_locking.PARTIAL_LOCK}}}partial-unlock": partial_locking.partial_unlock,
    f"{{{NETCONF}}}validate": committing.validate,
    f"{{{NETCONF}}}commit": committing.commit,
    f"{{{NETCONF}}}cancel-commit": committing.cancel_commit,
    f"{{{NETCONF}}}close-session": sessions.close_session,
    f"{{{NETCONF}}}kill-session": sessions.kill_session,
    f"{{{datastores.PRIVATE_CANDIDATE}}}update": committing.update,
    f"{{{datastores.FACTORY_DEFAULT}}}factory-reset": committing.factory_reset,
    f"{{{comparing.COMPARE}}}compare": comparing.compare,
    f"{{{datastores.NMDA}}}get-data": nmda.get_data,
    f"{{{datastores.NMDA}}}edit-data": nmda.edit_data,
    f"{{{reading.MONITORING}}}get-schema": reading.get_schema,
    f"{{{notifications.NOTIFICATION}}}create-subscription": notifications.create_subscription,
    f"{{{SUBSCRIBED}}}establish-subscription": subscribing.establish_subscription,
    f"{{{SUBSCRIBED}}}modify-subscription": subscribing.modify_subscription,
    f"{{{SUBSCRIBED}}}delete-subscription": subscribing.delete_subscription,
    f"{{{SUBSCRIBED}}}kill-subscription": subscribing.kill_subscription,
    f"{{{PUSH}}}resync-subscription": subscribing.resync_subscription,
    f"{{{HISTORY}}}get-configuration": history.get_configuration,
    f"{{{HISTORY}}}get-difference": history.get_difference,
    f"{{{HISTORY}}}get-commits": history.get_commits,
    f"{{{HISTORY}}}get-blame": history.get_blame,
    f"{{{HISTORY}}}get-plan": history.get_plan,
    f"{{{HISTORY}}}rollback": history.rollback,
    f"{{{scheduling.SCHEDULE}}}schedule-commit": scheduling.schedule_commit,
    f"{{{scheduling.SCHEDULE}}}cancel-scheduled-commit": scheduling.cancel_scheduled_commit,
}
"""Each function returns the content of the reply, or None for ok."""
