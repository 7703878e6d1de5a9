--
-- Attack: every function, relation and sequence of schema poa, with every role.
-- What each may do is written down here; what is not decided is found.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set VERBOSITY terse

CREATE ROLE regress_poa_dno;
CREATE ROLE regress_poa_operator;
CREATE ROLE regress_poa_auditor;
CREATE ROLE regress_poa_writer;
CREATE ROLE regress_poa_owner;		-- of a table of alerts, who attaches it
CREATE ROLE regress_poa_stranger;
SELECT poa.grant_dno('regress_poa_dno', 19), poa.grant_operator('regress_poa_operator'), poa.grant_auditor('regress_poa_auditor');
GRANT USAGE ON SCHEMA poa TO regress_poa_owner;
GRANT EXECUTE ON FUNCTION poa.attach, poa.detach, poa.divert TO regress_poa_owner;

CREATE TEMP TABLE may (function text PRIMARY KEY, roles text[]);
INSERT INTO may VALUES
	-- the manual's
	('eligibility', '{operator,auditor}'), ('explain', '{operator,auditor}'), ('verify', '{operator,auditor}'),
	('health', '{operator,auditor}'), ('is_enabled', '{operator,auditor}'),
	('still_dark', '{dno,operator,auditor}'), ('restoration', '{dno,operator,auditor}'),
	('late_activation', '{dno,operator,auditor}'), ('replay', '{dno,operator,auditor}'),
	('genuine', '{dno,operator,auditor}'), ('timeline', '{dno,operator,auditor}'), ('reboot', '{dno,operator,auditor}'),
	('to_ask', '{operator,auditor}'),
	('learn', '{operator}'), ('release_genuine', '{operator}'), ('releasable', '{operator}'),
	('track_activation', '{operator}'), ('cancel_activation', '{operator}'), ('record_outcome', '{operator}'),
	('refuse_activation', '{operator}'), ('release', '{operator}'), ('release_still_dark', '{operator}'),
	('receive', '{operator}'), ('duis_activation', '{operator}'), ('duis_alert', '{operator}'),
	('duis_outcome', '{operator}'), ('duis_name', '{operator}'), ('gbcs_activation', '{operator}'),
	('begin_import', '{operator}'), ('finish_import', '{operator}'), ('undo_import', '{operator}'),
	('attach', '{owner}'), ('detach', '{owner}'), ('divert', '{owner}'),
	('trigger_arguments', '{operator,auditor}'), ('attached_table', '{}'), ('column_faults', '{}'),
	('purge_log', '{}'), ('purge_activations', '{}'),
	('grant_dno', '{}'), ('grant_operator', '{}'), ('grant_auditor', '{}'), ('revoke_all', '{}'),
	-- what row-level security and the views call, as the reader
	('visible_distributors', '{dno,operator,auditor}'), ('visit_cost', '{dno,operator,auditor}'),
	('utc_month', '{dno,operator,auditor}'), ('distributor_of', '{dno,operator,auditor}'), ('read_metrics', '{operator,auditor}'),
	('read_totals', '{operator,auditor}'), ('evidence_kinds', '{dno,operator,auditor}'), ('holds_in_force', '{operator,auditor}'),
	('utc_day', '{}'), ('counts_since', '{}'), ('count_log', '{}'), ('count_stored', '{}'), ('keep_totals', '{}'),
	('keep_purged', '{}'), ('current_totals', '{}'),
	-- what receive calls, as its caller
	('track_command', '{operator}'), ('cancel_command', '{operator}'), ('record_outcome_at', '{operator}'), ('record_command', '{operator}'),
	('canonical_request_id', '{operator}'), ('request_part', '{operator}'), ('criteria', '{operator,auditor}'),
	('suppresses', '{dno,operator,auditor}'), ('window_holds', '{dno,operator,auditor}'),
	('xs_datetime', '{operator}'), ('base64_octets', '{operator}'),
	('is_eui', '{operator}'), ('is_request_id', '{operator}'), ('token', '{operator}'), ('one_document', '{operator}'),
	('message_fields', '{operator}'), ('fields_object', '{operator}'),
	('message_kind', '{operator}'), ('message_name', '{operator}'), ('read_activation', '{operator}'), ('read_alert', '{operator}'),
	('read_answer', '{operator}'), ('read_refusal', '{operator}'), ('refuses', '{operator}'),
	('receive_activation', '{operator}'), ('receive_answer', '{operator}'), ('receive_refusal', '{operator}'),
	('note_traffic', '{operator}'), ('message_traffic', '{operator}'), ('message_device', '{operator}'),
	('check_payload', '{operator}'), ('gbcs_message', '{operator}'), ('refuse_message', '{operator}'),
	-- what only runs as the owner of the extension
	('release_each', '{operator}'), ('permit', '{}'),
	('distributors_of', '{}'), ('guid_schema', '{}'), ('record_access', '{}'), ('lock_guid_list', '{}'), ('query_attached', '{}'),
	('caller', '{}'), ('hold', '{operator}'), ('end_hold', '{operator}'),
	('hold_in_force', '{operator,auditor}'), ('alerts_of', '{dno,operator,auditor}'), ('check_range', '{}'), ('stored_ad1', '{}'),
	('guid_expression', '{}'), ('has_index', '{}'), ('attached_queries', '{}'), ('identities', '{}'), ('logged_and_stored', '{}'),
	('own_index', '{}'),
	('health_of', '{}'), ('health_enabled', '{}'), ('health_hold', '{}'), ('health_attached', '{}'), ('health_trigger', '{}'),
	('health_column', '{}'), ('health_readable', '{}'),
	('health_hub_index', '{}'), ('health_hub_guid', '{}'), ('health_manufacturer', '{}'), ('health_guid_list', '{}'),
	('health_append_only', '{}'),
	('health_own_index', '{}'), ('health_owner', '{}'), ('health_superuser', '{}'), ('health_sequence', '{}'), ('health_subscription', '{}'),
	('health_scheduled', '{}'), ('last_alert', '{}'), ('windows_by_day', '{}'), ('health_tracking', '{}'),
	('health_logging', '{}'), ('health_rate', '{}'),
	('health_released', '{}'), ('health_reboots', '{}'), ('verify_log_row', '{}'), ('verify_explained', '{}'),
	('verify_stored', '{}'), ('verify_one_place', '{}'),
	('verify_release', '{}'), ('verify_log_id', '{}'), ('first_log_ids', '{}'), ('known_before', '{}'), ('is_logged_as', '{}'),
	('outage_start', '{dno,operator,auditor}'), ('devices_of', '{}'), ('first_sign_of_life', '{}'), ('neighbourhoods', '{}'),
	('profile_for', '{}'),
	('matched_activation', '{}'), ('drift', '{}'), ('said_at', '{}'), ('said_for', '{}'), ('asked_in_vain', '{}'),
	('evidence_no_activation', '{}'), ('evidence_started', '{}'), ('evidence_neighbours', '{}'), ('evidence_second', '{}'),
	('evidence_unreachable', '{}'), ('evidence_silent', '{}'), ('evidence_of', '{}'),
	('timeline_of', '{}'), ('timeline_of_log', '{}'), ('timeline_of_alerts', '{}'), ('timeline_of_commands', '{}'),
	('timeline_of_devices', '{}'), ('timeline_of_holds', '{}'), ('subject_of', '{}'), ('refuse_subject', '{}'), ('restoration_codes', '{}'),
	('reboot_of', '{}'), ('genuine_of', '{}'), ('releasable_of', '{}'), ('to_ask_of', '{}'),
	('still_dark_of', '{}'), ('restoration_of', '{}'), ('late_activation_of', '{}'), ('replay_of', '{}'), ('verify_of', '{}'),
	('release_evidence', '{dno,operator,auditor}'), ('statement_originators', '{dno,operator,auditor}'),
	('statement_holds', '{dno,operator,auditor}'),
	('statement_originators_of', '{}'), ('statement_holds_of', '{}'),
	('keep_shipped', '{}'), ('renew_shipped', '{}'), ('shipped_distributors', '{}'), ('keep_own', '{}'), ('refuse_change', '{}'),
	('follow_hub', '{}'), ('record_move', '{}'),
	('check_instant', '{}'), ('track_again', '{}'), ('device_of_request', '{}'), ('note_answer', '{}'), ('note_message', '{}'),
	('take_turn', '{}'), ('settle', '{}'), ('messages_of', '{}'), ('utc_plus', '{}'),
	('record_change', '{}'), ('keep_changes', '{}'), ('forget_all', '{}'),
	-- more than one machine
	('set_node', '{}'), ('own_sequence', '{}'), ('highest_number', '{}'), ('node_of', '{dno,operator,auditor}'),
	('node_of_number', '{operator,auditor}'), ('this_node', '{operator,auditor}'), ('refuse_at_warehouse', '{operator}'),
	('numbers_of_nodes', '{operator,auditor}'),
	('export_windows', '{operator}'), ('import_windows', '{operator}'), ('follows', '{}'), ('keep_at_warehouse', '{}'),
	('keep_first', '{}'), ('keep_newest', '{}'), ('change_newest', '{}'), ('next_number', '{}'), ('is_given_out', '{}'), ('receive_from_nodes', '{}'), ('newest_activations', '{operator,auditor}'), ('newest_import', '{}');

-- a function without a decision, a decision without a function, and a right that differs from the decision
SELECT coalesce(p.proname, m.function) AS function, p.oid IS NOT NULL AS exists, m.function IS NOT NULL AS decided
FROM (SELECT DISTINCT proname::text, 1 AS oid FROM pg_proc WHERE pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace)) AS p
FULL JOIN may AS m ON m.function = p.proname
WHERE p.oid IS NULL OR m.function IS NULL;
SELECT r.rolname AS role, p.oid::regprocedure AS function, has_function_privilege(r.oid, p.oid, 'EXECUTE') AS may
FROM pg_proc AS p JOIN may AS m ON m.function = p.proname, pg_roles AS r
WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND r.rolname LIKE 'regress\_poa%'
	AND has_function_privilege(r.oid, p.oid, 'EXECUTE') <> (replace(r.rolname, 'regress_poa_', '') = ANY (m.roles))
ORDER BY 1, 2;
-- what runs as its owner takes no text that could name or be code; who may call it is above
SELECT p.proname, p.prosrc ~* 'execute' AS dynamic FROM pg_proc AS p
WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND p.prosecdef ORDER BY 1;
-- and the check finds what is not decided
BEGIN;
CREATE FUNCTION poa.undecided() RETURNS int LANGUAGE sql RETURN 1;
SELECT p.proname FROM pg_proc AS p LEFT JOIN may AS m ON m.function = p.proname
	WHERE p.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND m.function IS NULL;
ROLLBACK;

-- Only a superuser creates, alters or drops anything of it, whatever else was granted
CREATE PROCEDURE refused(who text, statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	s text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', 'regress_poa_' || who);
	FOREACH s IN ARRAY statements LOOP
		BEGIN
			EXECUTE s;
			RAISE WARNING '% did: %', who, s;
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;	-- as it should be
		WHEN OTHERS THEN
			RAISE WARNING '% got %: %', who, sqlerrm, s;
		END;
	END LOOP;
	RESET ROLE;
END
$$;
GRANT EXECUTE ON PROCEDURE refused TO PUBLIC;
CREATE TEMP TABLE attempt (statement text);
INSERT INTO attempt VALUES
	('CREATE TABLE poa.mine ()'),
	('CREATE FUNCTION poa_internal.visible_distributors(text) RETURNS smallint[] LANGUAGE sql RETURN NULL'),
	('CREATE OR REPLACE FUNCTION poa_internal.visible_distributors(role name) RETURNS smallint[] LANGUAGE sql RETURN NULL'),
	('ALTER FUNCTION poa_internal.visible_distributors(name) LEAKPROOF'),
	('CREATE POLICY mine ON poa.suppression_log USING (true)'),
	('ALTER TABLE poa.suppression_log DISABLE ROW LEVEL SECURITY'),
	('ALTER TABLE poa.suppression_log NO FORCE ROW LEVEL SECURITY'),
	('ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only'),
	('CREATE TRIGGER mine BEFORE INSERT ON poa.suppression_log FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
	('CREATE TRIGGER mine AFTER INSERT ON poa.device FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
	('CREATE RULE mine AS ON INSERT TO poa.suppression_log DO INSTEAD NOTHING'),
	('CREATE INDEX mine ON poa.suppression_log (alert)'),
	('CREATE STATISTICS mine ON chf, mpxn FROM poa.suppression_log'),
	('CREATE TABLE pg_temp.mine () INHERITS (poa.suppression_log)'),
	('ALTER VIEW poa.suppressed_alert SET (security_invoker = false)'),
	('CREATE OR REPLACE VIEW poa.suppressed_alert AS SELECT 1'),
	('DROP VIEW poa.suppressed_alert'),
	('TRUNCATE poa.suppression_log'),
	('TRUNCATE poa.guid_list'),
	('LOCK TABLE poa.suppression_log IN ACCESS EXCLUSIVE MODE'),
	('DELETE FROM poa.suppression_log'),
	('UPDATE poa.suppression_log SET mpxn = NULL'),
	('INSERT INTO poa.release_log VALUES (1, now(), ''me'', ''mine'')'),
	('UPDATE poa.activation SET closes_at = ''infinity'''),
	('INSERT INTO poa_internal.access VALUES (current_user, ''auditor'', NULL)'),
	('UPDATE poa_internal.access SET distributor_ids = ''{20}'''),
	('INSERT INTO poa.distributor VALUES (40)'),
	('DELETE FROM poa.guid_list_import'),
	('SELECT setval(''poa.suppression_log_log_id_seq'', 1)'),
	('SELECT nextval(''poa.activation_activation_id_seq'')'),
	('COMMENT ON TABLE poa.suppression_log IS ''mine'''),
	('DROP EXTENSION poa_suppress'),
	('ALTER EXTENSION poa_suppress UPDATE'),
	('ALTER EXTENSION poa_suppress ADD FUNCTION poa.purge_log(timestamptz)'),
	('SET poa_suppress.enabled = off'),
	('SET session_replication_role = replica'),
	('SELECT poa.purge_log(now())'),
	('SELECT poa_internal.query_attached(''SELECT 1'', now(), now())'),
	('SELECT poa_internal.visible_distributors(''pg_monitor'')'),
	('SELECT poa_internal.distributors_of(current_user)'),
	('SELECT poa.grant_auditor(current_user)');
LOAD 'poa_suppress';
DO $$
DECLARE
	who text;
	statements text[] := ARRAY(SELECT a.statement FROM attempt AS a);
BEGIN
	FOREACH who IN ARRAY ARRAY['dno', 'operator', 'auditor', 'writer', 'owner', 'stranger'] LOOP
		CALL refused(who, statements);
	END LOOP;
END
$$;
-- the check finds a planted violation
DO $$ BEGIN CALL refused('operator', '{SELECT poa_internal.is_enabled()}'); END $$;

-- The switch, before the library is loaded: what was set in a placeholder does not count
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
GRANT INSERT ON alerts TO regress_poa_writer;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device VALUES ('00000000000000e1', 'ESME', 2, '1063', '00000000000000c1', NULL);
INSERT INTO poa.guid_list SELECT device FROM poa.device;
SELECT poa.track_activation('00000000000000e1', received_at => '2026-03-01 12:00Z');
SELECT poa.attach('alerts');
DROP PROCEDURE refused;
ALTER ROLE regress_poa_writer LOGIN;
SELECT current_user AS admin \gset
\c - regress_poa_writer
ALTER ROLE regress_poa_writer SET poa_suppress.enabled = off;
ALTER SYSTEM SET poa_suppress.enabled = off;
SET client_min_messages = error;
SET poa_suppress.enabled = off;
INSERT INTO alerts VALUES ('AD1', '00000000000000c1', '2026-03-01 12:10Z') RETURNING 'stored';
SHOW poa_suppress.enabled;
\c - :admin
SELECT count(*) FROM poa.suppression_log;

DROP TABLE alerts;
SELECT poa.revoke_all(r) FROM unnest('{regress_poa_dno,regress_poa_operator,regress_poa_auditor,regress_poa_owner}'::name[]) AS r;
DROP ROLE regress_poa_dno, regress_poa_operator, regress_poa_auditor, regress_poa_writer, regress_poa_owner, regress_poa_stranger;
