--
-- The binary messages of GBCS: CS06 commands, responses and alerts.
--
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

-- Public vectors, and what has been built from them: with another counter, as
-- a cancellation, as responses, with a signature, with a MAC header and MAC.
CREATE TABLE message (name text PRIMARY KEY, octets bytea);
INSERT INTO message VALUES
	('immediate', '\xDF090100000000000003E80890B3D51F300100000800DB1234567890A0000200122830260420AA758690730934FF'
		'0685AA758690730934FF0685657788990011223344556677020203E8'),
	('future-dated', '\xDF090100000000000003E90890B3D51F300100000800DB1234567890A0000200123930370420AA758690730934'
		'FF0685AA758690730934FF0685657788990011223344556677020203E9180F32303330303131353039303030305A'),
	('alert 8F66', '\xDF090300000000000007D00800DB1234567890A00890B3D51F30010000000200CA2730250203008F66180F323033'
		'30303131353039303030305A020203E9300902010004040123ABCF4009C5C95B94127D5AB179D360740D983FCCE7856A35AC7C6E472394BD5EA440ED'
		'96F6432363D59E2CFED71B58053961931E783916D341F74665DD261CF218B19D');
CREATE FUNCTION changed(of text, was bytea, becomes bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT decode(replace(encode(octets, 'hex'), encode(was, 'hex'), encode(becomes, 'hex')), 'hex') FROM message WHERE name = of
$$;
INSERT INTO message VALUES
	('cancellation', changed('future-dated', '20300115090000Z', '99991231235959Z')),
	('counter 2^64-1', changed(of => 'immediate', was => '\x00000000000003E8', becomes => '\xFFFFFFFFFFFFFFFF')),
	('response 0', '\xDF090200000000000003E80800DB1234567890A00890B3D51F30010000000200120B300902010004040123ABCF'),
	('response 1', '\xDF090200000000000003E80800DB1234567890A00890B3D51F30010000000200120B300902010104040123ABCF'),
	('response 2', '\xDF090200000000000003E80800DB1234567890A00890B3D51F30010000000200120B300902010204040123ABCF'),
	('response 3', '\xDF090200000000000003E80800DB1234567890A00890B3D51F30010000000200120B300902010304040123ABCF'),
	('response accepted', '\xDF090200000000000003E90800DB1234567890A00890B3D51F3001000000020012020500'),
	('another use case', '\xDF090100000000000003E80890B3D51F300100000800DB1234567890A0000200150100');
UPDATE message SET octets = set_byte(octets, 0, 223)
	WHERE name = 'counter 2^64-1';
-- the counter of the payload grows with that of the header, and the lengths with it
UPDATE message SET octets = decode(replace(replace(encode(octets, 'hex'), '2830260420', '2f302d0420'),
	'020203e8', '020900ffffffffffffffff'), 'hex')
	WHERE name = 'counter 2^64-1';
INSERT INTO message SELECT 'signed', octets || '\x40'::bytea || decode(repeat('5A', 64), 'hex') FROM message WHERE name = 'immediate';
INSERT INTO message SELECT 'signed with MAC header and MAC',
		'\xDD000000000000'::bytea || '\x8199'::bytea || '\x1100000000'::bytea || octets || decode(repeat('A5', 12), 'hex')
	FROM message WHERE name = 'signed';
UPDATE message SET octets = set_byte(octets, 8, length(octets) - 9) WHERE name = 'signed with MAC header and MAC';

SELECT name, g.* FROM message CROSS JOIN LATERAL poa.gbcs_activation(octets) AS g ORDER BY name COLLATE "C";
SELECT name FROM message WHERE NOT EXISTS (SELECT FROM poa.gbcs_activation(octets)) ORDER BY name;
SELECT count(*) FROM poa.gbcs_activation(NULL);

-- Every truncation of every message is refused with 22023, but for one that
-- ends where the signature would begin.
CREATE FUNCTION verdict(payload bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE count(*) WHEN 1 THEN 'read' ELSE 'none' END FROM poa.gbcs_activation(payload);
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN 'refused';
END
$$;
SELECT m.name, n AS octets_left, verdict(substr(m.octets, 1, n))
FROM message AS m CROSS JOIN LATERAL generate_series(0, length(m.octets) - 1) AS n
WHERE m.name <> 'another use case' AND verdict(substr(m.octets, 1, n)) <> 'refused'
ORDER BY m.name, n;
-- any value of any octet gives a row, none or 22023, and nothing else
SELECT count(*) > 10000 AS tried, count(*) FILTER (WHERE verdict(set_byte(m.octets, i, v)) NOT IN ('read', 'none', 'refused')) AS strange
FROM message AS m CROSS JOIN LATERAL generate_series(0, length(m.octets) - 1) AS i CROSS JOIN generate_series(0, 255, 4) AS v;

-- an error names the field
\set VERBOSITY default
SELECT poa.gbcs_activation('');
SELECT poa.gbcs_activation('\xDF0901');
SELECT poa.gbcs_activation(changed('future-dated', '20300115090000Z', '20300230090000Z'));
SELECT poa.gbcs_activation(changed('immediate', '\x0420AA', '\x0421AA'));
SELECT poa.gbcs_activation(changed('alert 8F66', '\x008F66', '\x008F67'));
SELECT poa.gbcs_activation(octets || '\x00'::bytea) FROM message WHERE name = 'signed';
SELECT poa.gbcs_activation(convert_to(encode(octets, 'base64'), 'UTF8')) FROM message WHERE name = 'immediate';
SELECT poa.gbcs_activation(convert_to(encode(octets, 'hex'), 'UTF8')) FROM message WHERE name = 'immediate';
-- a counter of 65 bits, whose last 64 are those of the header; 64 with a leading zero octet were read above
SELECT poa.gbcs_activation(decode(replace(replace(encode(octets, 'hex'), '2830260420', '2f302d0420'),
	'020203e8', '02090100000000000003e8'), 'hex'))
FROM message WHERE name = 'immediate';
-- a block transfer, and an alert's code in a command
SELECT poa.gbcs_activation(set_byte(octets, 0, 221)) FROM message WHERE name = 'immediate';
SELECT poa.gbcs_activation(changed('immediate', '\x0200122830', '\x0200CA2830'));
-- a MAC header that has been blanked, length and all, is passed over
SELECT kind, counter FROM message, poa.gbcs_activation('\xDD000000000000'::bytea || '\x00000000000000'::bytea || octets)
	WHERE name = 'immediate';
-- after February of a leap year
SELECT activates_at FROM poa.gbcs_activation(changed('future-dated', '20300115090000Z', '20320301000000Z'));

DROP TABLE message CASCADE;
DROP FUNCTION changed, verdict;
