-- The warehouse: what the nodes have logged, for reports. It judges no alert and
-- numbers nothing.

CREATE SUBSCRIPTION list CONNECTION :'node1' PUBLICATION list WITH (slot_name = list_to_warehouse);
CREATE SUBSCRIPTION inventory CONNECTION :'proxy' PUBLICATION inventory;
-- The first copy goes by all publications alike. Where meters have moved between
-- nodes before, it would take their rows twice: then a subscription is made for
-- log alone, and changes is added when it has the state r in pg_subscription_rel.
CREATE SUBSCRIPTION node1 CONNECTION :'node1' PUBLICATION log, changes;
CREATE SUBSCRIPTION node2 CONNECTION :'node2' PUBLICATION log, changes;
CREATE SUBSCRIPTION node3 CONNECTION :'node3' PUBLICATION log, changes;
