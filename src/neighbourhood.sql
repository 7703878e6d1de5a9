/*
 * Hubs that lose their power together.
 */

CREATE TABLE poa.hub_group (
	chf @extschema@.guid,
	kind text,
	group_id text NOT NULL,
	PRIMARY KEY (chf, kind)
);
CREATE INDEX hub_group_kind_group_id_idx ON poa.hub_group (kind, group_id);
COMMENT ON TABLE poa.hub_group IS
	'the neighbourhoods of hubs, such as their feeder.'
	' Loaded by the operator from what the DNO gives; without them there is no evidence of neighbours, and nothing else changes';
COMMENT ON COLUMN poa.hub_group.chf IS 'GUID of the communications hub';
COMMENT ON COLUMN poa.hub_group.kind IS
	'kind of the group, such as lv or hv.'
	' lv is a low-voltage feeder, some 30 hubs; hv a high-voltage circuit, some 300; others are those that poa.neighbourhood has';
COMMENT ON COLUMN poa.hub_group.group_id IS 'name of the feeder or circuit, compared as it stands; unique among all DNOs';
SELECT pg_catalog.pg_extension_config_dump('poa.hub_group', '');
SELECT poa_internal.permit('TABLE poa.hub_group', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');

CREATE TABLE poa.neighbourhood (
	kind text PRIMARY KEY,
	hubs smallint NOT NULL,
	within interval NOT NULL,
	share real NOT NULL,
	CONSTRAINT hubs_is_positive CHECK (hubs OPERATOR(pg_catalog.>) 0),
	CONSTRAINT within_is_not_negative CHECK (within OPERATOR(pg_catalog.>=) '0'::interval),
	CONSTRAINT within_is_at_most_a_day CHECK (within OPERATOR(pg_catalog.<=) '1 day'::interval),
	CONSTRAINT share_is_0_to_1 CHECK (share OPERATOR(pg_catalog.>=) 0::real AND share OPERATOR(pg_catalog.<=) 1::real)
);
COMMENT ON TABLE poa.neighbourhood IS
	'when the neighbours of a kind are evidence of an outage.'
	' Empty as shipped: a row overrides the built-in ones, which are lv with 2 hubs and hv with 4, within 4 minutes, share 0.2,'
	' or adds a kind';
COMMENT ON COLUMN poa.neighbourhood.kind IS 'the kind, as in poa.hub_group';
COMMENT ON COLUMN poa.neighbourhood.hubs IS 'at least so many other hubs have to go dark';
COMMENT ON COLUMN poa.neighbourhood.within IS 'interval, so long before or after at most; up to a day';
COMMENT ON COLUMN poa.neighbourhood.share IS 'least share of the neighbourhood''s hubs without a window, 0 to 1';
SELECT pg_catalog.pg_extension_config_dump('poa.neighbourhood', '');
SELECT poa_internal.permit('TABLE poa.neighbourhood', '{operator}', 'INSERT, UPDATE, DELETE, MAINTAIN');

CREATE FUNCTION poa_internal.neighbourhoods() RETURNS SETOF poa.neighbourhood
LANGUAGE sql STABLE ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
	TABLE poa.neighbourhood
	UNION ALL
	SELECT b.kind, b.hubs, '4 minutes', 0.2 FROM (VALUES ('lv', 2::smallint), ('hv', 4::smallint)) AS b (kind, hubs)
	WHERE b.kind NOT IN (SELECT n.kind FROM poa.neighbourhood AS n)
$$;
COMMENT ON FUNCTION poa_internal.neighbourhoods() IS
	'what poa.neighbourhood says, and built-in rows of kinds that it does not have';
REVOKE ALL ON FUNCTION poa_internal.neighbourhoods() FROM PUBLIC;
