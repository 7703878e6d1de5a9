/*
 * What makes a server one of several nodes: its sequences count in a range of
 * their own, so that rows of all nodes can stand in one table.
 */

CREATE FUNCTION poa_internal.own_sequence()
RETURNS TABLE (sequence regclass, relation regclass, attname name, leads_key boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT d.objid::regclass, d.refobjid::regclass, a.attname, i.indkey[0] = a.attnum
	FROM pg_extension AS x
	JOIN pg_depend AS e ON e.refclassid = 'pg_extension'::regclass AND e.refobjid = x.oid AND e.deptype = 'e'
		AND e.classid = 'pg_class'::regclass
	JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = e.objid AND d.deptype = 'i'
		AND d.classid = 'pg_class'::regclass
	JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND a.attidentity <> ''
	JOIN pg_index AS i ON i.indrelid = d.refobjid AND i.indisprimary
	WHERE x.extname = 'poa_suppress'
	ORDER BY d.objid::regclass::text
$$;
COMMENT ON FUNCTION poa_internal.own_sequence() IS
	'the sequences of the extension, each with the identity column that it numbers.'
	' leads_key: whether the primary key begins with that column';
REVOKE ALL ON FUNCTION poa_internal.own_sequence() FROM PUBLIC;

CREATE FUNCTION poa_internal.next_number(sequence regclass) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	number bigint;
BEGIN
	EXECUTE format('SELECT last_value + is_called::integer FROM %s', sequence) INTO number;
	RETURN number;
END
$$;
COMMENT ON FUNCTION poa_internal.next_number(regclass) IS 'the number that a sequence of the extension gives out next';
REVOKE ALL ON FUNCTION poa_internal.next_number(regclass) FROM PUBLIC;

CREATE FUNCTION poa_internal.highest_number(relation regclass, attname name, node integer) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	highest bigint;
BEGIN
	EXECUTE format('SELECT max(t.%I) FROM %s AS t WHERE t.%I BETWEEN $1 AND $2', attname, relation, attname)
	INTO highest USING node * 1000000000000, node * 1000000000000 + 999999999999;
	RETURN coalesce(highest, node * 1000000000000);
END
$$;
COMMENT ON FUNCTION poa_internal.highest_number(regclass, name, integer) IS
	'the highest number in a column that is of a node.'
	' The one before its first where there is none';
REVOKE ALL ON FUNCTION poa_internal.highest_number(regclass, name, integer) FROM PUBLIC;

/*
 * What nodes send to the warehouse may be there already: an activation that has
 * moved to another node, which sends it, too, or all of a node whose
 * subscription is made anew.  Only the warehouse has this trigger: for each row
 * that is inserted, it does not belong on a table that is dumped.
 */
CREATE FUNCTION poa_internal.keep_first() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	same boolean;
BEGIN
	EXECUTE format('SELECT bool_and(t IS NOT DISTINCT FROM $1) FROM %s AS t WHERE %s', TG_RELID::regclass, TG_ARGV[0]) INTO same USING NEW;
	/* a row that never changes at its node */
	IF NOT same AND TG_RELID IN ('poa.suppression_log'::regclass, 'poa.release_log'::regclass, 'poa.activation_change'::regclass) THEN
		RAISE unique_violation USING
			MESSAGE = format('table "%s" has another row of that number', TG_TABLE_NAME),
			DETAIL = format('The row that was sent is %s.', NEW),
			HINT = 'Was the node restored, and gives out again what it has lost? There, its sequences have to go past that.';
	END IF;
	RETURN CASE WHEN same IS NULL THEN NEW END;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_first() IS
	'trigger: passes over a row that the warehouse has already.'
	' Raises 23505 for another row of a log with the same number, as of a node that was restored.'
	' Its argument is the condition on that one, t, by which the new row, $1, would violate a unique index';
REVOKE ALL ON FUNCTION poa_internal.keep_first() FROM PUBLIC;

/*
 * An activation that has moved changes at one node after the other, and their
 * subscriptions overtake each other.  Whatever comes, its state is that of the
 * newest change that is there.  A node that the meter has left moves the window
 * from the hub, and may not know by then what the other has received: a change
 * of the hub alone says nothing else.  The row is locked before changes are looked
 * for, so that of two at once the second sees both.
 */
CREATE FUNCTION poa_internal.keep_newest() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	c record;
BEGIN
	SELECT k.* INTO c
	FROM (
		SELECT n.*, ROW(n.status, n.received_at, n.activates_at, n.ended_at, n.ended_by) IS DISTINCT FROM
			lag(ROW(n.status, n.received_at, n.activates_at, n.ended_at, n.ended_by)) OVER (
				PARTITION BY poa_internal.node_of_number(n.change_id) ORDER BY n.change_id) AS says_more
		FROM poa.activation_change AS n WHERE n.activation_id = NEW.activation_id
	) AS k
	ORDER BY k.says_more DESC, k.changed_at DESC, k.change_id DESC LIMIT 1;
	IF FOUND THEN
		NEW.status := c.status;
		NEW.received_at := c.received_at;
		NEW.activates_at := c.activates_at;
		NEW.opens_at := c.opens_at;
		NEW.closes_at := c.closes_at;
		NEW.ended_at := c.ended_at;
		NEW.ended_by := c.ended_by;
		NEW.chf := (
			SELECT n.chf FROM poa.activation_change AS n WHERE n.activation_id = NEW.activation_id
			ORDER BY n.changed_at DESC, n.change_id DESC LIMIT 1);
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_newest() IS
	'trigger: gives an activation of the warehouse its newest state.'
	' That is the newest in poa.activation_change by changed_at; none there leaves the row as it comes';
REVOKE ALL ON FUNCTION poa_internal.keep_newest() FROM PUBLIC;

CREATE FUNCTION poa_internal.change_newest() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	PERFORM FROM poa.activation AS a WHERE a.activation_id = NEW.activation_id FOR NO KEY UPDATE;
	/* tables are copied at the same time: one that has moved may be among what is not committed yet */
	IF NOT FOUND AND poa_internal.node_of_number(NEW.activation_id) <> poa_internal.node_of_number(NEW.change_id) THEN
		LOCK TABLE poa.activation IN SHARE ROW EXCLUSIVE MODE;
	END IF;
	/* not where it says so already, as when it is tracked */
	UPDATE poa.activation AS a SET status = NEW.status
	WHERE a.activation_id = NEW.activation_id
		AND (a.status, a.chf::bigint, a.received_at, a.activates_at, a.ended_at, a.ended_by) IS DISTINCT FROM
			(NEW.status, NEW.chf::bigint, NEW.received_at, NEW.activates_at, NEW.ended_at, NEW.ended_by);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION poa_internal.change_newest() IS
	'trigger: has keep_newest look again at the activation of a new change';
REVOKE ALL ON FUNCTION poa_internal.change_newest() FROM PUBLIC;

CREATE FUNCTION poa_internal.receive_from_nodes(enable boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT i.indrelid::regclass AS relation, string_agg(i.condition, ' OR ' ORDER BY i.indexrelid) AS condition
		FROM (
			SELECT i.indrelid, i.indexrelid, string_agg(format('t.%1$I OPERATOR(%2$s.=) $1.%1$I', a.attname,
				CASE a.atttypid WHEN '@extschema@.guid'::regtype THEN '@extschema@' ELSE 'pg_catalog' END), ' AND ' ORDER BY k.place) AS condition
			FROM pg_index AS i
			CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
			JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
			WHERE i.indisunique AND i.indrelid IN ('poa.suppression_log'::regclass, 'poa.release_log'::regclass,
				'poa_internal.released_alert'::regclass, 'poa.activation'::regclass, 'poa.activation_change'::regclass, 'poa.command'::regclass,
				'poa_internal.message'::regclass, 'poa.hold_log'::regclass, 'poa.sign_of_life'::regclass, 'poa.asked'::regclass,
				'poa.no_answer'::regclass, 'poa.device_move'::regclass)
			GROUP BY i.indrelid, i.indexrelid
		) AS i
		GROUP BY i.indrelid
	LOOP
		IF enable THEN
			EXECUTE format('CREATE OR REPLACE TRIGGER keep_first BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_first(%L)',
				t.relation, t.condition);
			EXECUTE format('ALTER TABLE %s ENABLE REPLICA TRIGGER keep_first', t.relation);
		ELSE
			EXECUTE format('DROP TRIGGER IF EXISTS keep_first ON %s', t.relation);
		END IF;
	END LOOP;
	IF enable THEN
		CREATE OR REPLACE TRIGGER keep_newest BEFORE INSERT OR UPDATE ON poa.activation
			FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_newest();
		ALTER TABLE poa.activation ENABLE REPLICA TRIGGER keep_newest;
		CREATE OR REPLACE TRIGGER change_newest AFTER INSERT ON poa.activation_change
			FOR EACH ROW EXECUTE FUNCTION poa_internal.change_newest();
		ALTER TABLE poa.activation_change ENABLE REPLICA TRIGGER change_newest;
	ELSE
		DROP TRIGGER IF EXISTS keep_newest ON poa.activation;
		DROP TRIGGER IF EXISTS change_newest ON poa.activation_change;
	END IF;
END
$$;
COMMENT ON FUNCTION poa_internal.receive_from_nodes(boolean) IS
	'makes the triggers keep_first, keep_newest and change_newest, or drops them.'
	' By these, rows that come again do not stop a subscription, and states are those of the newest change';
REVOKE ALL ON FUNCTION poa_internal.receive_from_nodes(boolean) FROM PUBLIC;

CREATE FUNCTION poa.set_node(node integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET row_security = off	/* as for purge_log */
AS $$
#variable_conflict use_variable
DECLARE
	present CONSTANT integer := poa_internal.this_node();
	stray record;
	s record;
BEGIN
	IF (node BETWEEN 0 AND 9000) IS NOT TRUE THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('node must be from 0 to 9000, not %s', coalesce(node::text, 'NULL')),
			HINT = '0 is the warehouse, the others are nodes.';
	ELSIF node = present THEN
		/* a dump of the warehouse leaves its triggers behind */
		IF node = 0 AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = 'poa.activation'::regclass AND t.tgname = 'keep_first') THEN
			PERFORM poa_internal.receive_from_nodes(true);
		END IF;
		RETURN;
	ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE active_sql_transaction USING
			MESSAGE = 'the number of a node is set in READ COMMITTED only',
			DETAIL = 'An older snapshot might not show all rows that are numbered already.';
	END IF;

	/* others that draw numbers have finished, and wait */
	LOCK TABLE poa.activation, poa.suppression_log IN SHARE ROW EXCLUSIVE MODE;
	SELECT t.* INTO stray
	FROM (
		SELECT 'poa.suppression_log' AS relation, min(l.log_id) AS first, max(l.log_id) AS last FROM poa.suppression_log AS l
		UNION ALL
		SELECT 'poa.activation', min(a.activation_id), max(a.activation_id) FROM poa.activation AS a
	) AS t
	WHERE present IS NOT NULL AND t.first IS NOT NULL
		OR node > 0 AND (poa_internal.node_of_number(t.first) <> node OR poa_internal.node_of_number(t.last) <> node)
		OR node = 0 AND poa_internal.node_of_number(t.first) = 0
	LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('this server cannot become node %s', node),
			DETAIL = format('%s has numbers from %s to %s%s.', stray.relation, stray.first, stray.last,
				coalesce(format(', and this is node %s', present), '')),
			HINT = 'Set the number of a node before its first activation and its first alert.';
	END IF;

	FOR s IN SELECT * FROM poa_internal.own_sequence() LOOP
		/* gives it a new file, so that setval is undone with the transaction */
		EXECUTE format('ALTER SEQUENCE %s RESTART', s.sequence);
		/* one that is used up fails where the warehouse would number something; it learns for itself */
		PERFORM CASE WHEN node = 0 AND s.relation <> 'poa.reboot_profile'::regclass THEN setval(s.sequence, 9223372036854775807)
			ELSE setval(s.sequence, poa_internal.highest_number(s.relation, s.attname, node) + 1, false) END;
	END LOOP;
	/* a hold or a message may be older, and its number another node's, too */
	UPDATE poa.hold_log SET hold_id = DEFAULT WHERE node > 0 AND poa_internal.node_of_number(hold_id) <> node;
	UPDATE poa_internal.message AS m SET message_id = DEFAULT WHERE $1 > 0 AND poa_internal.node_of_number(m.message_id) <> $1;
	UPDATE poa.command AS c SET node = $1 WHERE c.node = coalesce(present, 0);
	UPDATE poa_internal.message AS m SET node = $1 WHERE m.node = coalesce(present, 0);
	UPDATE poa.asked AS q SET node = $1 WHERE q.node = coalesce(present, 0);
	UPDATE poa.no_answer AS q SET node = $1 WHERE q.node = coalesce(present, 0);
	UPDATE poa.device_move AS v SET node = $1 WHERE v.node = coalesce(present, 0);
	DELETE FROM poa.node;
	INSERT INTO poa.node (node) VALUES (node);
	IF node = 0 OR present = 0 THEN
		PERFORM poa_internal.receive_from_nodes(node = 0);
	END IF;
END
$$;
COMMENT ON FUNCTION poa.set_node(integer) IS
	'makes this server a node of several, 1 to 9000, or 0, the warehouse.'
	' From then on the numbers that it gives out, log_id, activation_id, import_id and hold_id among them, count from node * 10^12 + 1;'
	' the warehouse numbers nothing, passes over rows that a subscription brings again, takes the newest state of an activation that has'
	' moved, and whatever tracks, releases, holds, imports'
	' or purges raises 55000 there. Holds and messages that are there get new numbers. The number that it has already'
	' changes nothing. Writers of activations and of the log wait meanwhile. Raises 22023 for NULL or another number, 55000 where'
	' poa.activation or poa.suppression_log has rows with other numbers, 25001 in another isolation level than READ COMMITTED, 42501'
	' for a role that row-level security applies to';
REVOKE ALL ON FUNCTION poa.set_node(integer) FROM PUBLIC;

/*
 * Statement triggers, which keep the logs append-only, do not fire for what an
 * apply worker does.
 */
CREATE FUNCTION poa_internal.keep_at_warehouse() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF poa_internal.this_node() = 0 THEN
		RETURN NULL;
	ELSIF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION poa_internal.keep_at_warehouse() IS
	'trigger: passes over what a subscription would change at the warehouse.'
	' That is updates and deletes; elsewhere it lets them through';
REVOKE ALL ON FUNCTION poa_internal.keep_at_warehouse() FROM PUBLIC;
CREATE TRIGGER keep_at_warehouse BEFORE UPDATE OR DELETE ON poa.suppression_log
	FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_at_warehouse();
ALTER TABLE poa.suppression_log ENABLE REPLICA TRIGGER keep_at_warehouse;
COMMENT ON TRIGGER keep_at_warehouse ON poa.suppression_log IS 'a purge at a node leaves the rows of the warehouse';
CREATE TRIGGER keep_at_warehouse BEFORE UPDATE OR DELETE ON poa.release_log
	FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_at_warehouse();
ALTER TABLE poa.release_log ENABLE REPLICA TRIGGER keep_at_warehouse;
COMMENT ON TRIGGER keep_at_warehouse ON poa.release_log IS 'a purge at a node leaves the rows of the warehouse';
CREATE TRIGGER keep_at_warehouse BEFORE UPDATE OR DELETE ON poa.activation_change
	FOR EACH ROW EXECUTE FUNCTION poa_internal.keep_at_warehouse();
ALTER TABLE poa.activation_change ENABLE REPLICA TRIGGER keep_at_warehouse;
COMMENT ON TRIGGER keep_at_warehouse ON poa.activation_change IS 'a purge at a node leaves the rows of the warehouse';
