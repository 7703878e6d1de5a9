--
-- The law of delivery, by the messages themselves: whatever the order in which
-- a command, its signed form, its refusal, its cancellation and its outcome are
-- delivered to poa.receive, the activations are the same in the end.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql
\set SHOW_CONTEXT never

INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES ('00-DB-12-34-56-78-90-A0');
INSERT INTO poa.device VALUES ('00-DB-12-34-56-78-90-A0', 'ESME', 2, '1063', '88-73-84-90-6A-10-02-DB', '2000012345672');

CREATE FUNCTION duis(root text, header text, body text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<%1$s xmlns="http://www.dccinterface.co.uk/ServiceUserGateway"><Header>%2$s</Header><Body>%3$s</Body></%1$s>',
		root, header, body)
$$;
CREATE FUNCTION id(counter integer) RETURNS text LANGUAGE sql AS $$
	SELECT format('<RequestID>90-B3-D5-1F-30-01-00-00:00-DB-12-34-56-78-90-A0:%s</RequestID>', counter)
$$;
CREATE FUNCTION service(reference text) RETURNS text LANGUAGE sql AS $$
	SELECT format('<ServiceReference>%1$s</ServiceReference><ServiceReferenceVariant>%1$s</ServiceReferenceVariant>', reference)
$$;
CREATE FUNCTION part(octets bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT set_byte('\x00', 0, length(octets)) || octets
$$;
-- what each message of the tests is: a kind, the counter of its request, a time
CREATE FUNCTION message(kind text, counter integer, at text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN kind = 'request' THEN duis('Request', id(counter) || '<CommandVariant>4</CommandVariant>' || service('11.3'),
			'<ActivateFirmware>' || coalesce('<ExecutionDateTime>' || at || '</ExecutionDateTime>', '')
				|| '<FirmwareHash>' || repeat('AB', 32) || '</FirmwareHash></ActivateFirmware>')
		WHEN kind IN ('signed', 'local') THEN duis('Request', id(counter) || '<CommandVariant>'
			|| CASE kind WHEN 'signed' THEN 5 ELSE 6 END || '</CommandVariant>' || service('11.3'),
			'<SignedPreCommand><GBCSPayload>' || encode('\xDF0901'::bytea || int8send(counter) || '\x0890B3D51F300100000800DB1234567890A000020012'::bytea
				|| part('\x30'::bytea || part('\x0420'::bytea || decode(repeat('AB', 32), 'hex') || '\x0204'::bytea || int4send(counter)
					|| coalesce('\x18'::bytea || part(convert_to(at, 'UTF8')), ''))), 'base64') || '</GBCSPayload></SignedPreCommand>')
		WHEN kind = 'outcome' THEN duis('Response', id(counter) || '<ResponseCode>I0</ResponseCode>',
			'<ResponseMessage>' || service('11.3') || '<GBCSPayload>' || encode('\xDF0902'::bytea || int8send(counter)
				|| '\x0800DB1234567890A00890B3D51F30010000000200120B3009020100'::bytea || '\x04040123ABCF'::bytea,
				'base64') || '</GBCSPayload></ResponseMessage>')
		ELSE duis('Response', id(counter) || '<ResponseCode>' || kind || '</ResponseCode>',
			'<ResponseMessage>' || service('11.3') || '</ResponseMessage>')
	END
$$;
SELECT (m.r).action FROM (
	SELECT poa.receive(message('request', 9, '2026-03-03T02:00:00Z'), '2026-03-02 09:00Z') UNION ALL
	SELECT poa.receive(message('signed', 9, '20260303020000Z'), '2026-03-02 09:01Z') UNION ALL
	SELECT poa.receive(message('outcome', 9), '2026-03-03 02:15Z')) AS m (r);
TRUNCATE poa.activation, poa.command, poa.sign_of_life;

CREATE TABLE message_of (story text, n integer, kind text, counter integer, at text, received_at timestamptz);
INSERT INTO message_of VALUES
	-- one command, refused, cancelled, and carried out nevertheless
	('all', 1, 'request', 1, '2026-03-03T02:00:00Z', '2026-03-02 09:00Z'),
	('all', 2, 'signed', 1, '20260303020000Z', '2026-03-02 09:01Z'),
	('all', 3, 'E20', 1, NULL, '2026-03-02 09:02Z'),
	('all', 4, 'signed', 2, '99991231235959Z', '2026-03-02 10:00Z'),
	('all', 5, 'outcome', 1, NULL, '2026-03-03 02:15Z'),
	-- cancelled
	('cancelled', 1, 'request', 1, '2026-03-03T02:00:00Z', '2026-03-02 09:00Z'),
	('cancelled', 2, 'signed', 1, '20260303020000Z', '2026-03-02 09:01Z'),
	('cancelled', 3, 'request', 2, '3000-12-31T00:00:00Z', '2026-03-02 10:00Z'),
	('cancelled', 4, 'signed', 2, '99991231235959Z', '2026-03-02 10:01Z'),
	-- the cancellation is refused
	('not cancelled', 1, 'request', 1, '2026-03-03T02:00:00Z', '2026-03-02 09:00Z'),
	('not cancelled', 2, 'signed', 1, '20260303020000Z', '2026-03-02 09:01Z'),
	('not cancelled', 3, 'signed', 2, '99991231235959Z', '2026-03-02 10:00Z'),
	('not cancelled', 4, 'E4', 2, NULL, '2026-03-02 10:01Z'),
	-- superseded by a command that is refused; E21 refuses nothing
	('superseded', 1, 'signed', 1, '20260303020000Z', '2026-03-02 09:00Z'),
	('superseded', 2, 'request', 2, '2026-03-04T02:00:00Z', '2026-03-02 10:00Z'),
	('superseded', 3, 'signed', 2, '20260304020000Z', '2026-03-02 10:01Z'),
	('superseded', 4, 'E21', 2, NULL, '2026-03-02 10:02Z'),
	('not superseded', 1, 'signed', 1, '20260303020000Z', '2026-03-02 09:00Z'),
	('not superseded', 2, 'request', 2, '2026-03-04T02:00:00Z', '2026-03-02 10:00Z'),
	('not superseded', 3, 'signed', 2, '20260304020000Z', '2026-03-02 10:01Z'),
	('not superseded', 4, 'E20', 2, NULL, '2026-03-02 10:02Z'),
	-- the signed form names another time than its request, which is the one that counts
	('another time', 1, 'request', 1, '2026-03-03T02:00:00Z', '2026-03-02 09:00Z'),
	('another time', 2, 'signed', 1, '20260303030000Z', '2026-03-02 09:01Z'),
	('another time', 3, 'request', 2, NULL, '2026-03-03 02:30Z'),
	('another time', 4, 'signed', 2, NULL, '2026-03-03 02:31Z'),
	-- one form is a cancellation and the other is none: the signed one counts, also where it was received first
	('signed cancels', 1, 'signed', 1, '20260303020000Z', '2026-03-02 09:00Z'),
	('signed cancels', 2, 'request', 2, '2026-03-04T02:00:00Z', '2026-03-02 10:01Z'),
	('signed cancels', 3, 'signed', 2, '99991231235959Z', '2026-03-02 10:00Z'),
	('signed cancels', 4, 'request', 3, NULL, '2026-03-02 11:00Z'),
	('signed cancels', 5, 'signed', 3, '99991231235959Z', '2026-03-02 11:01Z'),
	('signed does not', 1, 'signed', 1, '20260303020000Z', '2026-03-02 09:00Z'),
	('signed does not', 2, 'request', 2, '3000-12-31T00:00:00Z', '2026-03-02 10:00Z'),
	('signed does not', 3, 'signed', 2, '20260304020000Z', '2026-03-02 10:01Z'),
	('signed does not', 4, 'request', 3, '3000-12-31T00:00:00Z', '2026-03-02 11:01Z'),
	('signed does not', 5, 'signed', 3, '20260305020000Z', '2026-03-02 11:00Z'),
	-- received more than once: on demand is the first time
	('again', 1, 'request', 1, NULL, '2026-03-02 09:00Z'),
	('again', 2, 'request', 1, NULL, '2026-03-02 09:10Z'),
	('again', 3, 'request', 1, NULL, '2026-03-02 09:20Z'),
	-- delivered locally, and over the air too
	('local', 1, 'request', 1, NULL, '2026-03-02 09:00Z'),
	('local', 2, 'local', 1, NULL, '2026-03-02 09:01Z'),
	('local', 3, 'request', 2, NULL, '2026-03-02 10:00Z'),
	('local', 4, 'local', 2, NULL, '2026-03-02 10:01Z'),
	('local', 5, 'signed', 2, NULL, '2026-03-02 10:02Z');

-- the states after the messages of a story in this order, of which nothing stays
CREATE FUNCTION states(of text, numbers integer[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	m message_of;
BEGIN
	FOR m IN SELECT o.* FROM message_of AS o JOIN unnest(numbers) WITH ORDINALITY AS u (n, place) USING (n) WHERE o.story = of
		ORDER BY place LOOP
		PERFORM poa.receive(message(m.kind, m.counter, m.at), m.received_at);
	END LOOP;
	RAISE division_by_zero USING MESSAGE = (
		SELECT string_agg(format('%s %s: received %s, at %s, from %s to %s, ended %s by %s', split_part(a.request_id, ':', 3), a.status,
			a.received_at, a.activates_at, a.opens_at, a.closes_at, coalesce(a.ended_at::text, '-'), coalesce(a.ended_by, '-')), E'\n'
				ORDER BY a.request_id)
		FROM poa.activation AS a);
EXCEPTION WHEN division_by_zero THEN
	RETURN sqlerrm;
END
$$;
WITH RECURSIVE delivery (story, numbers) AS (
	SELECT DISTINCT m.story, '{}'::integer[] FROM message_of AS m
	UNION ALL
	SELECT d.story, d.numbers || m.n FROM delivery AS d JOIN message_of AS m ON m.story = d.story AND m.n <> ALL (d.numbers)
), whole AS MATERIALIZED (
	SELECT d.story, states(d.story, d.numbers) AS states
	FROM delivery AS d WHERE cardinality(d.numbers) = (SELECT count(*) FROM message_of AS m WHERE m.story = d.story)
)
SELECT w.story, count(*) AS orders, count(DISTINCT w.states) AS different, min(w.states) AS states
FROM whole AS w GROUP BY w.story ORDER BY w.story;

DROP TABLE message_of;
DROP FUNCTION duis, id, service, part, message, states;
