-- The warehouse: what the nodes have logged, for reports. It judges no alert and
-- numbers nothing.

CREATE SUBSCRIPTION list CONNECTION :'node1' PUBLICATION list WITH (slot_name = list_to_warehouse);
CREATE SUBSCRIPTION inventory CONNECTION :'proxy' PUBLICATION inventory;
-- A warehouse that is made anew is made likewise. What has moved between nodes
-- comes from each of them, and is kept once: a copy that meets another's rows
-- begins again.
CREATE SUBSCRIPTION node1 CONNECTION :'node1' PUBLICATION log, changes;
CREATE SUBSCRIPTION node2 CONNECTION :'node2' PUBLICATION log, changes;
CREATE SUBSCRIPTION node3 CONNECTION :'node3' PUBLICATION log, changes;
