/*
 * What the type guid is compared on.
 */

/*
 * A thousand values in a row: as arrays of each type, and of their texts.
 */
CREATE TABLE bench.sample (
	guid guid[], macaddr8 macaddr8[], uuid uuid[], bigint bigint[], text text[],
	guid_text text[], macaddr8_text text[], uuid_text text[], bigint_text text[], text_text text[]
);
CREATE PROCEDURE bench.make_sample() LANGUAGE sql AS $$
	INSERT INTO bench.sample
	SELECT array_agg(g), array_agg(g::macaddr8), array_agg(bench.uuid(g)), array_agg(g::bigint), array_agg(g::text),
		array_agg(g::text), array_agg(g::macaddr8::text), array_agg(bench.uuid(g)::text), array_agg(g::bigint::text), array_agg(g::text)
	FROM generate_series(1, 1000) AS n, bench.meter(n) AS g;
$$;

/* a table of n keys of one type, in no order, and a tenth of them in another */
CREATE PROCEDURE bench.make_keys(type name, n_keys bigint) LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS bench.keys, bench.some_keys;
	EXECUTE format(
		'CREATE UNLOGGED TABLE bench.keys AS SELECT %s AS k FROM ('
		' SELECT (x''00DB123400000000''::bigint + (hashint8extended(n, 0) & 4294967295))::guid AS g'
		' FROM generate_series(1, %s) AS n OFFSET 0) AS r',
		CASE type WHEN 'uuid' THEN 'bench.uuid(g)' ELSE 'g::' || type END, n_keys);
	CREATE UNLOGGED TABLE bench.some_keys AS SELECT k FROM bench.keys TABLESAMPLE BERNOULLI (10) REPEATABLE (1) ORDER BY random();
END
$$;
