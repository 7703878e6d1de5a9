-- What a node publishes. Run again after a restore, as pg_dump leaves the
-- extension's tables out of publications.

SET client_min_messages = warning;
DROP PUBLICATION IF EXISTS log, changes, list;

-- What is added here. Commands that came from another node with a meter are left
-- to that node; activations are sent by each, and the warehouse keeps the newest
-- state. A purge leaves the rows of the warehouse.
SELECT :node * 1000000000000 AS first, :node * 1000000000000 + 999999999999 AS last \gset
CREATE PUBLICATION log FOR TABLE poa.suppression_log, poa.release_log, poa_internal.released_alert, poa.activation_change,
    poa.sign_of_life, poa.hold_log, alerts, poa.activation,
    poa.command WHERE (node = :node), poa_internal.message WHERE (message_id BETWEEN :first AND :last),
    poa.asked WHERE (node = :node), poa.no_answer WHERE (node = :node), poa.device_move WHERE (node = :node)
    WITH (publish = 'insert');

-- What changes, wherever it was added.
CREATE PUBLICATION changes FOR TABLE poa.activation, poa.command, poa_internal.message, poa.hold_log
    WITH (publish = 'update');

-- What all nodes have alike. Each publishes it, so that any can take over; the
-- others and the warehouse subscribe to one, and only there it is written.
CREATE PUBLICATION list FOR TABLE poa.guid_list, poa.guid_list_import, poa.manufacturer, poa.originator, poa.distributor,
    poa.hub_group, poa.neighbourhood;
