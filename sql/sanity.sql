--
-- A sweep over the catalog for what a type or an extension can leave out
-- unnoticed until much later.  The test passes when nothing is found.
--
-- One list of problems for each kind of object; a list is put to every member
-- of the extension of that kind.
--
\set VERBOSITY terse
\getenv abs_srcdir PG_ABS_SRCDIR
\i :abs_srcdir/sql/preamble.psql

CREATE TEMP VIEW member AS
	SELECT d.classid::regclass::text AS catalog, d.objid AS oid
	FROM pg_depend AS d
	JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
	WHERE d.deptype = 'e' AND e.extname = 'poa_suppress';

-- what an operator is used for in indexes
CREATE TEMP VIEW index_operator AS
	SELECT o.amopopr AS operator, m.amname AS method, o.amopstrategy AS strategy, o.amopfamily AS family,
		o.amoplefttype AS lefttype, o.amoprighttype AS righttype
	FROM pg_amop AS o JOIN pg_am AS m ON m.oid = o.amopmethod
	WHERE o.amoppurpose = 's';

CREATE TEMP VIEW index_function AS
	SELECT s.amproc::oid AS function, m.amname AS method, s.amprocnum AS number, s.amprocfamily AS family,
		s.amproclefttype AS lefttype, s.amprocrighttype AS righttype
	FROM pg_amproc AS s JOIN pg_opfamily AS f ON f.oid = s.amprocfamily JOIN pg_am AS m ON m.oid = f.opfmethod;

CREATE TEMP VIEW function_problem AS
	SELECT f.oid::regprocedure::text AS object, c.problem
	FROM pg_proc AS f
	JOIN pg_language AS l ON l.oid = f.prolang
	CROSS JOIN LATERAL (
		SELECT coalesce(max(split_part(s.setting, '=', 2)) FILTER (WHERE s.setting LIKE 'search\_path=%'), '') AS path
		FROM unnest(f.proconfig) AS s (setting)
	) AS setting
	CROSS JOIN LATERAL (VALUES
		('takes cstring, but is the input of no type',
			'cstring'::regtype = ANY (f.proargtypes) AND f.oid NOT IN (SELECT typinput FROM pg_type)),
		('returns cstring, but is the output of no type',
			f.prorettype = 'cstring'::regtype
			AND f.oid NOT IN (SELECT typoutput FROM pg_type UNION ALL SELECT typmodout FROM pg_type)),
		('returns internal, but takes none',
			f.prorettype = 'internal'::regtype AND NOT 'internal'::regtype = ANY (f.proargtypes)),
		('is immutable, but not parallel safe', f.provolatile = 'i' AND f.proparallel <> 's'),
		('is an aggregate, but not parallel safe', f.prokind = 'a' AND f.proparallel <> 's'),
		('is security definer without a search_path that ends with pg_temp',
			f.prosecdef AND setting.path !~ '(^|, *)"?pg_temp"?$'),
		('is interpreted with the search_path of the caller',
			l.lanname IN ('plpgsql', 'sql') AND f.prosqlbody IS NULL AND setting.path !~ '(^|, *)"?pg_temp"?$'),
		('is a function that everybody may execute',
			f.pronamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND has_function_privilege('public', f.oid, 'EXECUTE')),
		('is security definer, and everybody may execute it',
			f.prosecdef AND has_function_privilege('public', f.oid, 'EXECUTE')),
		('is written in C, and its symbol does not start with poa_', l.lanname = 'c' AND f.prosrc !~ '^poa_'),
		('writes and is said to be parallel safe', f.provolatile = 'v' AND f.proparallel <> 'u'),
		('has no comment', obj_description(f.oid, 'pg_proc') IS NULL)
	) AS c (problem, found)
	WHERE c.found AND f.oid IN (SELECT oid FROM member WHERE catalog = 'pg_proc');

CREATE TEMP VIEW operator_problem AS
	SELECT o.oid::regoperator::text AS object, c.problem
	FROM pg_operator AS o
	LEFT JOIN pg_proc AS f ON f.oid = o.oprcode
	LEFT JOIN pg_operator AS com ON com.oid = o.oprcom
	LEFT JOIN pg_proc AS com_f ON com_f.oid = com.oprcode
	LEFT JOIN pg_operator AS neg ON neg.oid = o.oprnegate
	LEFT JOIN pg_proc AS neg_f ON neg_f.oid = neg.oprcode
	LEFT JOIN index_operator AS bt ON bt.operator = o.oid AND bt.method = 'btree'
	LEFT JOIN (VALUES
		(1, 'scalarltsel', 'scalarltjoinsel'), (2, 'scalarlesel', 'scalarlejoinsel'), (3, 'eqsel', 'eqjoinsel'),
		(4, 'scalargesel', 'scalargejoinsel'), (5, 'scalargtsel', 'scalargtjoinsel')
	) AS sel (strategy, restrict_with, join_with) ON sel.strategy = bt.strategy
	CROSS JOIN LATERAL (VALUES
		('is a shell', o.oprcode = 0),
		('has another signature than its function',
			(o.oprleft, o.oprright, o.oprresult) IS DISTINCT FROM (f.proargtypes[0], f.proargtypes[1], f.prorettype)
			OR f.pronargs <> 2),
		('has a commutator that is not one',
			o.oprcom <> 0 AND (com.oid, com.oprleft, com.oprright, com.oprresult, com.oprcom)
				IS DISTINCT FROM (o.oprcom, o.oprright, o.oprleft, o.oprresult, o.oid)),
		('has a negator that is not one',
			o.oprnegate <> 0 AND ((neg.oid, neg.oprleft, neg.oprright, neg.oprresult, neg.oprnegate)
				IS DISTINCT FROM (o.oprnegate, o.oprleft, o.oprright, 'bool'::regtype, o.oid) OR neg.oid = o.oid)),
		('merges or hashes, its commutator does not',
			(o.oprcanmerge, o.oprcanhash) IS DISTINCT FROM (false, false)
			AND (o.oprcanmerge, o.oprcanhash) IS DISTINCT FROM (com.oprcanmerge, com.oprcanhash)),
		('MERGES and equality of a btree are not the same', o.oprcanmerge <> coalesce(bt.strategy = 3, false)),
		('HASHES and membership in a hash family are not the same', o.oprcanhash <> EXISTS (
			SELECT FROM index_operator AS h WHERE h.operator = o.oid AND h.method = 'hash')),
		('is searched with, but not estimated',
			(o.oprrest = 0 OR o.oprjoin = 0) AND o.oid IN (SELECT operator FROM index_operator)),
		('is estimated as another',
			bt.strategy IS NOT NULL
			AND (o.oprrest::text, o.oprjoin::text) IS DISTINCT FROM (sel.restrict_with, sel.join_with)),
		('is <> and not estimated as such',
			o.oprname = '<>' AND (o.oprrest::text, o.oprjoin::text) IS DISTINCT FROM ('neqsel', 'neqjoinsel')),
		('differs from its commutator or negator in volatility or leakproofness',
			com.oid <> 0 AND (com_f.provolatile, com_f.proleakproof) IS DISTINCT FROM (f.provolatile, f.proleakproof)
			OR neg.oid <> 0 AND (neg_f.provolatile, neg_f.proleakproof) IS DISTINCT FROM (f.provolatile, f.proleakproof)),
		('compares and may leak', bt.operator IS NOT NULL AND NOT f.proleakproof),
		('differs from the comparison of its btree family in volatility or leakproofness', EXISTS (
			SELECT FROM index_function AS s JOIN pg_proc AS cmp ON cmp.oid = s.function
			WHERE s.family = bt.family AND s.number = 1 AND s.lefttype = bt.lefttype AND s.righttype = bt.righttype
				AND (cmp.provolatile, cmp.proleakproof) IS DISTINCT FROM (f.provolatile, f.proleakproof))),
		('stands in an operator family that is not ours', EXISTS (
			SELECT FROM index_operator AS i WHERE i.operator = o.oid
				AND i.family NOT IN (SELECT m.oid FROM member AS m WHERE m.catalog = 'pg_opfamily'))),
		('has no comment', obj_description(o.oid, 'pg_operator') IS NULL)
	) AS c (problem, found)
	WHERE c.found AND o.oid IN (SELECT oid FROM member WHERE catalog = 'pg_operator');

CREATE TEMP VIEW opclass_problem AS
	SELECT format('%s using %s', k.opcname, m.amname) AS object, c.problem
	FROM pg_opclass AS k
	JOIN pg_am AS m ON m.oid = k.opcmethod
	CROSS JOIN LATERAL (
		SELECT coalesce(array_agg(s.number), '{}') AS numbers, bool_and(f.provolatile = 'i') AS immutable
		FROM index_function AS s JOIN pg_proc AS f ON f.oid = s.function
		WHERE s.family = k.opcfamily AND s.lefttype = k.opcintype AND s.righttype = k.opcintype
	) AS support
	CROSS JOIN LATERAL (VALUES
		('is invalid', NOT amvalidate(k.oid)),
		('has no sort support', m.amname = 'btree' AND NOT 2 = ANY (support.numbers)),
		('does not say whether it can deduplicate', m.amname = 'btree' AND NOT 4 = ANY (support.numbers)),
		('has no extended hash, which hash partitions need', m.amname = 'hash' AND NOT 2 = ANY (support.numbers)),
		('is supported by a function that is not immutable', NOT support.immutable),
		('has no comment', obj_description(k.oid, 'pg_opclass') IS NULL)
	) AS c (problem, found)
	WHERE c.found AND k.oid IN (SELECT oid FROM member WHERE catalog = 'pg_opclass');

CREATE TEMP VIEW type_problem AS
	SELECT t.oid::regtype::text AS object, c.problem
	FROM pg_type AS t
	LEFT JOIN pg_proc AS i ON i.oid = t.typinput
	LEFT JOIN pg_proc AS r ON r.oid = t.typreceive
	CROSS JOIN LATERAL (
		SELECT t.typtype = 'b' AND t.typelem = 0 AS scalar,
			ARRAY(SELECT m.amname::text FROM pg_opclass AS k JOIN pg_am AS m ON m.oid = k.opcmethod
				WHERE k.opcintype = t.oid AND k.opcdefault) AS orders,
			ARRAY(SELECT a.proname::text FROM pg_proc AS a
				WHERE a.prokind = 'a' AND a.proargtypes = ARRAY[t.oid]::oidvector) AS aggregates
	) AS has
	CROSS JOIN LATERAL (VALUES
		('has no array', has.scalar AND t.typarray = 0),
		('has no binary form', has.scalar AND (t.typreceive = 0 OR t.typsend = 0)),
		('takes more arguments in one form than in the other', i.pronargs <> r.pronargs),
		('is read or written by a volatile function', EXISTS (
			SELECT FROM pg_proc AS f
			WHERE f.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend) AND f.provolatile = 'v')),
		('has no default btree', has.scalar AND NOT 'btree' = ANY (has.orders)),
		('has no default hash', has.scalar AND NOT 'hash' = ANY (has.orders)),
		('has no default brin', has.scalar AND t.typlen > 0 AND NOT 'brin' = ANY (has.orders)),
		('has no min or no max', has.scalar AND NOT has.aggregates @> '{min,max}'),
		('is by value with a length or an alignment that cannot be',
			t.typbyval AND format('%s%s', t.typlen, t.typalign) NOT IN ('1c', '2s', '4i', '8d')),
		('has eight bytes, but is by reference', t.typtype = 'b' AND t.typlen = 8 AND NOT t.typbyval),
		('has a fixed length, but can be toasted', t.typlen <> -1 AND t.typstorage <> 'p'),
		('has no comment', has.scalar AND obj_description(t.oid, 'pg_type') IS NULL)
	) AS c (problem, found)
	WHERE c.found AND t.oid IN (SELECT oid FROM member WHERE catalog = 'pg_type');

CREATE TEMP VIEW aggregate_problem AS
	SELECT g.aggfnoid::regprocedure::text AS object, c.problem
	FROM pg_aggregate AS g JOIN pg_proc AS f ON f.oid = g.aggfnoid
	CROSS JOIN LATERAL (VALUES
		('cannot be combined', g.aggkind = 'n' AND g.aggcombinefn = 0),
		('is not known to be the end of an order', f.proname IN ('min', 'max') AND g.aggsortop = 0)
	) AS c (problem, found)
	WHERE c.found AND f.oid IN (SELECT oid FROM member WHERE catalog = 'pg_proc');

CREATE TEMP VIEW cast_problem AS
	SELECT format('%s to %s', k.castsource::regtype, k.casttarget::regtype) AS object, c.problem
	FROM pg_cast AS k LEFT JOIN pg_proc AS f ON f.oid = k.castfunc
	CROSS JOIN LATERAL (VALUES
		('has another signature than its function',
			k.castmethod = 'f' AND ((f.proargtypes[0], f.prorettype) IS DISTINCT FROM (k.castsource, k.casttarget)
				OR f.pronargs > 3)),
		('is neither explicit nor an assignment of a text', k.castcontext <> 'e'
			AND NOT (k.castcontext = 'a' AND k.castmethod = 'i' AND k.castsource IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype))),
		('is the same bits in one direction only', k.castmethod = 'b' AND NOT EXISTS (
			SELECT FROM pg_cast AS back WHERE back.castmethod = 'b'
				AND (back.castsource, back.casttarget) = (k.casttarget, k.castsource))),
		('has no comment', obj_description(k.oid, 'pg_cast') IS NULL)
	) AS c (problem, found)
	WHERE c.found AND k.oid IN (SELECT oid FROM member WHERE catalog = 'pg_cast');

-- what pg_dump dumps, with the number of rows that a restore would meet
CREATE TEMP VIEW config AS
	SELECT u.relid::oid, u.condition,
		(xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s %s',
			u.relid::regclass, u.condition), false, false, '')))[1]::text::bigint AS rows
	FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS u (relid, condition)
	WHERE e.extname = 'poa_suppress';

CREATE TEMP VIEW relation_problem AS
	SELECT r.oid::regclass::text AS object, c.problem
	FROM pg_class AS r
	CROSS JOIN LATERAL (VALUES
		('has no comment', r.relkind IN ('r', 'p', 'v', 'm') AND obj_description(r.oid, 'pg_class') IS NULL),
		('has a column without a comment', r.relkind IN ('r', 'p', 'v', 'm') AND EXISTS (
			SELECT FROM pg_attribute AS a WHERE a.attrelid = r.oid AND a.attnum > 0
				AND col_description(r.oid, a.attnum) IS NULL)),
		('is a table that no dump would hold', r.relkind IN ('r', 'p') AND r.oid NOT IN (SELECT relid FROM config)
			AND r.oid <> 'poa_internal.permission'::regclass),
		('is the sequence of a dumped table, but is not dumped', r.relkind = 'S' AND r.oid NOT IN (SELECT relid FROM config)
			AND EXISTS (SELECT FROM pg_depend AS d JOIN config AS g ON g.relid = d.refobjid
				WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i'))),
		('has rows from the start that a restore would bring again', EXISTS (
			SELECT FROM config AS g WHERE g.relid = r.oid AND r.relkind <> 'S' AND g.rows > 0)),
		('has an INSERT trigger for each row, which fires in a restore', EXISTS (
			SELECT FROM pg_trigger AS t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgtype & 5 = 5)
			AND r.oid IN (SELECT relid FROM config)),
		('is a view that leaks to functions or runs as its owner', r.relkind = 'v'
			AND NOT coalesce(r.reloptions @> '{security_barrier=true,security_invoker=true}', false)
			AND r.oid <> 'poa.open_window'::regclass),	/* barred, and with a condition of its own */
		('has a timestamp without a zone, or an OID that no dump carries over', EXISTS (
			SELECT FROM pg_attribute AS a WHERE a.attrelid = r.oid AND a.attnum > 0 AND r.relkind IN ('r', 'p', 'm')
				AND (a.atttypid = 'timestamp'::regtype OR a.atttypid = 'oid'::regtype OR a.atttypid::regtype::text ~ '^reg'))),
		('is open to everybody', r.relkind <> 'i' AND r.relacl::text ~ '[{,]=')
	) AS c (problem, found)
	WHERE c.found AND r.oid IN (SELECT oid FROM member WHERE catalog = 'pg_class');

CREATE TEMP VIEW finding AS
	SELECT 'function' AS kind, * FROM function_problem
	UNION SELECT 'operator', * FROM operator_problem
	UNION SELECT 'operator class', * FROM opclass_problem
	UNION SELECT 'type', * FROM type_problem
	UNION SELECT 'aggregate', * FROM aggregate_problem
	UNION SELECT 'cast', * FROM cast_problem
	UNION SELECT 'relation', * FROM relation_problem;

SELECT * FROM finding ORDER BY kind, object, problem;

-- The sweep finds each kind of object when it is spoilt.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE FUNCTION poa.spoilt(guid, guid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN true; END';
CREATE OPERATOR poa.<> (LEFTARG = guid, RIGHTARG = guid, FUNCTION = poa.spoilt, COMMUTATOR = OPERATOR(poa.<>));
CREATE TABLE poa.spoilt (id serial, at timestamp, what regclass);
CREATE VIEW poa.spoilt_view AS SELECT 1 AS one;
CREATE TYPE poa.spoilt_type;
CREATE FUNCTION poa.spoilt_in(cstring) RETURNS poa.spoilt_type LANGUAGE internal AS 'int8in' STRICT STABLE;
CREATE FUNCTION poa.spoilt_out(poa.spoilt_type) RETURNS cstring LANGUAGE internal AS 'int8out' STRICT STABLE;
CREATE TYPE poa.spoilt_type (INPUT = poa.spoilt_in, OUTPUT = poa.spoilt_out, INTERNALLENGTH = 8, ALIGNMENT = double);
CREATE OPERATOR CLASS poa.spoilt_ops FOR TYPE guid USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 guid_cmp(guid, guid);
CREATE AGGREGATE poa.max(guid) (SFUNC = guid_larger, STYPE = guid);
CREATE CAST (timestamptz AS guid) WITHOUT FUNCTION AS ASSIGNMENT;
ALTER EXTENSION poa_suppress ADD FUNCTION poa.spoilt(guid, guid);
ALTER EXTENSION poa_suppress ADD OPERATOR poa.<> (guid, guid);
ALTER EXTENSION poa_suppress ADD TABLE poa.spoilt;
ALTER EXTENSION poa_suppress ADD VIEW poa.spoilt_view;
ALTER EXTENSION poa_suppress ADD TYPE poa.spoilt_type;
ALTER EXTENSION poa_suppress ADD OPERATOR CLASS poa.spoilt_ops USING btree;
ALTER EXTENSION poa_suppress ADD AGGREGATE poa.max(guid);
ALTER EXTENSION poa_suppress ADD CAST (timestamptz AS guid);
ALTER OPERATOR <= (guid, guid) SET (RESTRICT = scalarltsel);
ALTER FUNCTION guid_lt(guid, guid) NOT LEAKPROOF;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
SELECT * FROM finding ORDER BY kind COLLATE "C", object COLLATE "C", problem COLLATE "C";
ROLLBACK;

-- The columns that C reads by number (src/*.h) are those of the catalog.
\set macros `cat "$PG_ABS_SRCDIR"/src/*.h | sed -n 's/^#define \(Anum\|Natts\)_\([a-z_]*\)[[:space:]]*\([0-9]*\)$/\1 \2 \3/p'`
CREATE TEMP TABLE macro AS
	SELECT split_part(m, ' ', 1) AS kind, split_part(m, ' ', 2) AS name, split_part(m, ' ', 3)::int AS number
	FROM string_to_table(:'macros', E'\n') AS m WHERE m <> '';
SELECT name AS of_table, number - (SELECT count(*) FROM macro AS a WHERE a.kind = 'Anum' AND a.name LIKE m.name || '\_%') AS without_a_macro
FROM macro AS m WHERE kind = 'Natts' ORDER BY name COLLATE "C";
SELECT coalesce(m.name, format('%s_%s', t.relname, t.attname)) AS differs, m.number, t.attnum
FROM (SELECT * FROM macro WHERE kind = 'Anum') AS m
FULL JOIN (
	SELECT c.relname, a.attname, a.attnum FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace) AND c.relname IN (SELECT name FROM macro WHERE kind = 'Natts')
) AS t ON format('%s_%s', t.relname, t.attname) = m.name AND t.attnum = m.number
WHERE m.name IS NULL OR t.attname IS NULL ORDER BY 1;
