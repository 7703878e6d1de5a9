-- What can be said of the extension's members, a line for each fact, so that
-- two databases can be compared.  Nothing in it depends on the number of an
-- object, on the order of two of them or on who was granted what by users;
-- rights are those of PUBLIC and of roles that every server has.
--
--   psql -XAt -f t/members.sql

SET search_path = pg_catalog;

WITH extension AS (
	SELECT * FROM pg_extension WHERE extname = 'poa_suppress'
), member AS (
	SELECT d.classid, d.objid
	FROM pg_depend AS d JOIN extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE d.deptype = 'e'
), part AS (
	-- what stands and falls with a member: constraints, indexes, triggers, operators of a family
	SELECT * FROM member
	UNION
	SELECT d.classid, d.objid
	FROM pg_depend AS d JOIN member AS m ON (d.refclassid, d.refobjid) = (m.classid, m.objid)
	WHERE d.deptype IN ('a', 'i') AND NOT pg_describe_object(d.classid, d.objid, d.objsubid) ~ 'pg_toast'
), relation AS (
	SELECT c.* FROM pg_class AS c JOIN member AS m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
), function AS (
	SELECT f.* FROM pg_proc AS f JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = f.oid
), type AS (
	SELECT t.* FROM pg_type AS t JOIN member AS m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
), col AS (
	SELECT a.*, format('%s.%I', r.oid::regclass, a.attname) AS name, r.relowner,
		row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum) AS position
	FROM pg_attribute AS a JOIN relation AS r ON r.oid = a.attrelid
	WHERE a.attnum > 0 AND NOT a.attisdropped
), acl (object, owner, rights) AS (
	SELECT oid::regclass::text, relowner,
		coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, relowner)) FROM relation
	UNION ALL SELECT name, relowner, attacl FROM col
	UNION ALL SELECT oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) FROM function
	UNION ALL SELECT oid::regtype::text, typowner, coalesce(typacl, acldefault('T', typowner)) FROM type
	UNION ALL SELECT nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
		WHERE oid IN (SELECT objid FROM member WHERE classid = 'pg_namespace'::regclass)
), fact (kind, object, fact) AS (
	SELECT 'extension', e.extname::text, concat_ws(' ', e.extowner::regrole, e.extnamespace::regnamespace, e.extrelocatable)
		FROM extension AS e
	UNION ALL
	SELECT 'dumped', c.relation::regclass::text, c.condition
	FROM extension AS e, unnest(e.extconfig, e.extcondition) AS c (relation, condition)
	UNION ALL
	SELECT 'member', pg_describe_object(classid, objid, 0), '' FROM member
	UNION ALL
	SELECT 'part', pg_describe_object(classid, objid, 0), '' FROM (TABLE part EXCEPT TABLE member) AS p
	UNION ALL
	SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
	FROM pg_description AS d JOIN part AS p ON (p.classid, p.objid) = (d.classoid, d.objoid)
	UNION ALL
	SELECT 'dependency', pg_describe_object(d.classid, d.objid, d.objsubid),
		format('%s %s', d.deptype, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
	FROM pg_depend AS d JOIN member AS m ON (m.classid, m.objid) = (d.classid, d.objid)
	UNION ALL
	SELECT 'right', a.object,
		concat_ws(' ', CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END, r.privilege_type, r.is_grantable)
	FROM acl AS a, aclexplode(a.rights) AS r
	WHERE r.grantee < 16384
	UNION ALL
	-- what pg_dump takes for granted, and leaves out
	SELECT 'initial right', pg_describe_object(i.classoid, i.objoid, i.objsubid),
		concat_ws(' ', CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END, r.privilege_type, r.is_grantable)
	FROM pg_init_privs AS i JOIN member AS m ON (m.classid, m.objid) = (i.classoid, i.objoid), aclexplode(i.initprivs) AS r
	UNION ALL
	SELECT 'relation', r.oid::regclass::text, concat_ws(' ', r.relkind, r.relpersistence, r.relowner::regrole, r.reloptions,
		CASE WHEN r.relrowsecurity THEN 'row security' END, CASE WHEN r.relforcerowsecurity THEN 'forced' END,
		'identity ' || r.relreplident::text)
	FROM relation AS r
	UNION ALL
	SELECT 'column', c.name, concat_ws(' ', c.position, format_type(c.atttypid, c.atttypmod), CASE WHEN c.attnotnull THEN 'NOT NULL' END,
		'identity ' || nullif(c.attidentity::text, ''), 'generated ' || nullif(c.attgenerated::text, ''),
		'default ' || pg_get_expr(d.adbin, d.adrelid),
		'collation ' || nullif(c.attcollation, 0)::regcollation::text, c.attstorage, 'statistics ' || c.attstattarget,
		ARRAY(SELECT o FROM unnest(c.attoptions) AS o WHERE o !~ '^pg_attver='))
	FROM col AS c LEFT JOIN pg_attrdef AS d ON (d.adrelid, d.adnum) = (c.attrelid, c.attnum)
	UNION ALL
	SELECT 'constraint', format('%s on %s', k.conname, coalesce(r.oid::regclass::text, t.oid::regtype::text)),
		concat_ws(' ', pg_get_constraintdef(k.oid), CASE WHEN NOT k.convalidated THEN 'not valid' END)
	FROM pg_constraint AS k LEFT JOIN relation AS r ON r.oid = k.conrelid LEFT JOIN type AS t ON t.oid = k.contypid
	WHERE r.oid IS NOT NULL OR t.oid IS NOT NULL
	UNION ALL
	SELECT 'index', i.indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
		CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity' END)
	FROM pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
	UNION ALL
	SELECT 'trigger', format('%s on %s', t.tgname, r.oid::regclass), format('%s %s', t.tgenabled, pg_get_triggerdef(t.oid))
	FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
	WHERE NOT t.tgisinternal
	UNION ALL
	SELECT 'policy', format('%s on %s', p.polname, r.oid::regclass), concat_ws(' ', p.polcmd, p.polpermissive,
		ARRAY(SELECT CASE o WHEN 0 THEN 'PUBLIC' ELSE o::regrole::text END FROM unnest(p.polroles) AS o ORDER BY 1),
		pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
	FROM pg_policy AS p JOIN relation AS r ON r.oid = p.polrelid
	UNION ALL
	SELECT 'rule', format('%s on %s', w.rulename, r.oid::regclass), format('%s %s', w.ev_enabled, pg_get_ruledef(w.oid))
	FROM pg_rewrite AS w JOIN relation AS r ON r.oid = w.ev_class
	UNION ALL
	SELECT 'sequence', r.oid::regclass::text,
		concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
	FROM pg_sequence AS s JOIN relation AS r ON r.oid = s.seqrelid
	UNION ALL
	SELECT 'statistics', s.stxname::text, pg_get_statisticsobjdef(s.oid)
	FROM pg_statistic_ext AS s JOIN part AS p ON p.classid = 'pg_statistic_ext'::regclass AND p.objid = s.oid
	UNION ALL
	SELECT 'function', f.oid::regprocedure::text, concat_ws(' ', lpad(l.number::text, 4), l.line)
	FROM function AS f, regexp_split_to_table(pg_get_functiondef(f.oid), E'\n') WITH ORDINALITY AS l (line, number)
	WHERE f.prokind <> 'a'
	UNION ALL
	SELECT 'function', f.oid::regprocedure::text,
		concat_ws(' ', f.proowner::regrole, 'support ' || nullif(f.prosupport, 0::regproc)::text) FROM function AS f
	UNION ALL
	SELECT 'aggregate', g.aggfnoid::regprocedure::text,
		concat_ws(' ', g.aggkind, g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn,
		g.aggmtransfn, g.aggsortop::regoperator, g.aggtranstype::regtype, g.aggtransspace, g.agginitval, f.proparallel, f.provolatile)
	FROM pg_aggregate AS g JOIN function AS f ON f.oid = g.aggfnoid
	UNION ALL
	SELECT 'type', t.oid::regtype::text,
		concat_ws(' ', t.typowner::regrole, t.typtype, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory,
		t.typispreferred, t.typdelim, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typsubscript,
		t.typelem::regtype, t.typarray::regtype, t.typbasetype::regtype, t.typnotnull, t.typdefault, t.typcollation::regcollation,
		(SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid))
	FROM type AS t
	UNION ALL
	SELECT 'operator', o.oid::regoperator::text, concat_ws(' ', o.oprowner::regrole, o.oprresult::regtype, o.oprcode, o.oprcom::regoperator,
		o.oprnegate::regoperator, o.oprrest, o.oprjoin, CASE WHEN o.oprcanhash THEN 'hashes' END, CASE WHEN o.oprcanmerge THEN 'merges' END)
	FROM pg_operator AS o JOIN member AS m ON m.classid = 'pg_operator'::regclass AND m.objid = o.oid
	UNION ALL
	SELECT 'operator class', pg_describe_object(m.classid, m.objid, 0),
		concat_ws(' ', k.opcintype::regtype, CASE WHEN k.opcdefault THEN 'default' END,
		nullif(k.opckeytype, 0)::regtype, f.opfname)
	FROM pg_opclass AS k JOIN pg_opfamily AS f ON f.oid = k.opcfamily
		JOIN member AS m ON m.classid = 'pg_opclass'::regclass AND m.objid = k.oid
	UNION ALL
	SELECT 'cast', pg_describe_object(m.classid, m.objid, 0), concat_ws(' ', c.castfunc::regprocedure, c.castcontext, c.castmethod)
	FROM pg_cast AS c JOIN member AS m ON m.classid = 'pg_cast'::regclass AND m.objid = c.oid
)
SELECT line
FROM fact CROSS JOIN LATERAL format('%s %s: %s', kind, object, replace(fact, E'\n', ' ')) AS line
ORDER BY line COLLATE "C";
