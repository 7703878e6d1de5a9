-- A node that has its list from another.
CREATE SUBSCRIPTION list CONNECTION :'source' PUBLICATION list WITH (slot_name = list_to_node:node);
