/*
 * The peers: each a schema with a table of alerts, and what its trigger needs.
 *
 * psql variable "libraries": the folder with nothing.so and type_io.so.
 */
\set nothing :libraries '/nothing'
\set type_io :libraries '/type_io'

CREATE PROCEDURE bench.make_peer(peer name, key name) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(
		$sql$
		CREATE SCHEMA %1$I;
		CREATE TABLE %1$I.alerts (
			alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			alert_code text NOT NULL,
			chf %2$s,
			mpxn text,
			outage_started_at timestamptz,
			received_at timestamptz NOT NULL DEFAULT now()
		)
		$sql$, peer, key);
END
$$;

/* what a user would keep: the windows by hub, and a log of the same rows and indexes as ours */
CREATE PROCEDURE bench.make_keeper(peer name, key name, index_method name) LANGUAGE plpgsql AS $$
BEGIN
	CALL bench.make_peer(peer, key);
	EXECUTE format(
		$sql$
		CREATE TABLE %1$I.activation (LIKE poa.activation INCLUDING IDENTITY INCLUDING DEFAULTS);
		ALTER TABLE %1$I.activation ALTER chf TYPE %2$s USING NULL;
		CREATE INDEX ON %1$I.activation USING %3$s (chf);
		CREATE TABLE %1$I.suppression_log (LIKE poa.suppression_log INCLUDING IDENTITY INCLUDING INDEXES);
		ALTER TABLE %1$I.suppression_log ALTER chf TYPE %2$s USING NULL;
		INSERT INTO bench.keeper VALUES (%1$L, %2$L)
		$sql$, peer, key, index_method);
END
$$;

/* whichever window holds the alert decides: to order them would cost it a third */
CREATE PROCEDURE bench.make_plpgsql(peer name, key name, index_method name) LANGUAGE plpgsql AS $$
BEGIN
	CALL bench.make_keeper(peer, key, index_method);
	EXECUTE format(
		$sql$
		CREATE FUNCTION %1$I.divert() RETURNS trigger LANGUAGE plpgsql AS $body$
		DECLARE
			a record;
		BEGIN
			IF NEW.alert_code = 'AD1' THEN
				SELECT activation_id, device, manufacturer, mpxn, originator, request_id, activates_at, opens_at, closes_at
				INTO a FROM %1$I.activation
				WHERE chf = NEW.chf AND NEW.received_at BETWEEN opens_at AND closes_at AND status IN ('tracked', 'succeeded')
				LIMIT 1;
				IF FOUND THEN
					INSERT INTO %1$I.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code,
						chf, mpxn, distributor_id, decided_at, activation_id, matched, device, manufacturer,
						request_id, activates_at, opens_at, closes_at, delay, outage_started_at, originator)
					VALUES (now(), true, TG_TABLE_SCHEMA, TG_TABLE_NAME, to_jsonb(NEW), NEW.alert_code,
						NEW.chf, NEW.mpxn, left(coalesce(NEW.mpxn, a.mpxn), 2)::smallint, NEW.received_at,
						a.activation_id, ARRAY[a.activation_id], a.device, a.manufacturer,
						a.request_id, a.activates_at, a.opens_at, a.closes_at, NEW.received_at - a.activates_at,
						NEW.outage_started_at, a.originator);
					RETURN NULL;
				END IF;
			END IF;
			RETURN NEW;
		END
		$body$;
		CREATE TRIGGER divert BEFORE INSERT ON %1$I.alerts FOR EACH ROW EXECUTE FUNCTION %1$I.divert()
		$sql$, peer);
END
$$;

/* stores all, then moves what should not have been stored, all in one statement */
CREATE PROCEDURE bench.make_statement(peer name, key name, index_method name) LANGUAGE plpgsql AS $$
BEGIN
	CALL bench.make_keeper(peer, key, index_method);
	EXECUTE format(
		$sql$
		CREATE FUNCTION %1$I.divert() RETURNS trigger LANGUAGE plpgsql AS $body$
		BEGIN
			WITH hit AS (
				DELETE FROM %1$I.alerts AS s USING (
					SELECT DISTINCT ON (n.alert_id) n.alert_id, a.activation_id, a.device, a.manufacturer, a.originator,
						a.request_id, a.activates_at, a.opens_at, a.closes_at
					FROM inserted AS n JOIN %1$I.activation AS a
						ON a.chf = n.chf AND n.received_at BETWEEN a.opens_at AND a.closes_at
					WHERE n.alert_code = 'AD1' AND a.status IN ('tracked', 'succeeded')
					ORDER BY n.alert_id, a.activates_at DESC, a.activation_id DESC
				) AS m
				WHERE s.alert_id = m.alert_id
				RETURNING to_jsonb(s) AS alert, s.alert_code, s.chf, s.mpxn, s.received_at, s.outage_started_at, m.*
			)
			INSERT INTO %1$I.suppression_log (logged_at, diverted, source_schema, source_table, alert, alert_code,
				chf, mpxn, distributor_id, decided_at, activation_id, matched, device, manufacturer,
				request_id, activates_at, opens_at, closes_at, delay, outage_started_at, originator)
			SELECT now(), true, TG_TABLE_SCHEMA, TG_TABLE_NAME, h.alert, h.alert_code,
				h.chf, h.mpxn, left(h.mpxn, 2)::smallint, h.received_at, h.activation_id, ARRAY[h.activation_id], h.device, h.manufacturer,
				h.request_id, h.activates_at, h.opens_at, h.closes_at, h.received_at - h.activates_at, h.outage_started_at, h.originator
			FROM hit AS h;
			RETURN NULL;
		END
		$body$;
		CREATE TRIGGER divert AFTER INSERT ON %1$I.alerts REFERENCING NEW TABLE AS inserted
			FOR EACH STATEMENT EXECUTE FUNCTION %1$I.divert()
		$sql$, peer);
END
$$;

CALL bench.make_peer('none', 'guid');

CALL bench.make_peer('nothing', 'guid');
CREATE FUNCTION bench.nothing() RETURNS trigger AS :'nothing' LANGUAGE C;
CREATE TRIGGER nothing BEFORE INSERT ON nothing.alerts FOR EACH ROW EXECUTE FUNCTION bench.nothing();

CALL bench.make_peer('poa_suppress', 'guid');
SELECT poa.attach('poa_suppress.alerts', started => 'outage_started_at') \g /dev/null

CALL bench.make_plpgsql('plpgsql_macaddr8_hash', 'macaddr8', 'hash');
CALL bench.make_plpgsql('plpgsql_macaddr8_btree', 'macaddr8', 'btree');
CALL bench.make_plpgsql('plpgsql_uuid_hash', 'uuid', 'hash');
CALL bench.make_plpgsql('plpgsql_uuid_btree', 'uuid', 'btree');
CALL bench.make_plpgsql('plpgsql_text_hash', 'text', 'hash');
CALL bench.make_plpgsql('plpgsql_text_btree', 'text', 'btree');
CALL bench.make_statement('statement', 'macaddr8', 'hash');

CREATE FUNCTION bench.parse(type regtype, texts text[], times integer) RETURNS void AS :'type_io' LANGUAGE C;
CREATE FUNCTION bench.print(things anyarray, times integer) RETURNS void AS :'type_io' LANGUAGE C;
