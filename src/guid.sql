/*
 * Type guid: the EUI-64 of a device.
 *
 * Everything of this room stands in the extension's own schema, which CREATE
 * EXTENSION has put first in the path of this script.
 */

CREATE TYPE @extschema@.guid;

CREATE FUNCTION @extschema@.guid_in(cstring) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_guid_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_out(@extschema@.guid) RETURNS cstring
	AS 'MODULE_PATHNAME', 'poa_guid_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_recv(internal) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_guid_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_send(@extschema@.guid) RETURNS bytea
	AS 'MODULE_PATHNAME', 'poa_guid_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE @extschema@.guid (
	INPUT = @extschema@.guid_in,
	OUTPUT = @extschema@.guid_out,
	RECEIVE = @extschema@.guid_recv,
	SEND = @extschema@.guid_send,
	LIKE = pg_catalog.int8
);

COMMENT ON TYPE @extschema@.guid IS
	'EUI-64 of a smart metering device, eight octets.'
	' For example 00-DB-12-34-56-78-90-A0; input also bare, with colons, or in lower case';
COMMENT ON FUNCTION @extschema@.guid_in(cstring) IS
	'I/O.'
	' Raises 22P02 where the text is not 16 hex digits, bare or with one kind of separator between every two';
COMMENT ON FUNCTION @extschema@.guid_out(@extschema@.guid) IS 'I/O';
COMMENT ON FUNCTION @extschema@.guid_recv(internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@.guid_send(@extschema@.guid) IS 'I/O';

CREATE FUNCTION @extschema@.try_guid(text) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_try_guid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.try_guid(text) IS
	'the guid that a text holds, NULL where it holds none or is NULL; never an error';

/* Comparison */

CREATE FUNCTION @extschema@.guid_lt(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_le(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_eq(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_ne(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_ge(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_gt(@extschema@.guid, @extschema@.guid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_cmp(@extschema@.guid, @extschema@.guid) RETURNS integer
	AS 'MODULE_PATHNAME', 'poa_guid_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_larger(@extschema@.guid, @extschema@.guid) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_guid_larger' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid_smaller(@extschema@.guid, @extschema@.guid) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_guid_smaller' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.guid_lt(@extschema@.guid, @extschema@.guid) IS 'implementation of < operator';
COMMENT ON FUNCTION @extschema@.guid_le(@extschema@.guid, @extschema@.guid) IS 'implementation of <= operator';
COMMENT ON FUNCTION @extschema@.guid_eq(@extschema@.guid, @extschema@.guid) IS 'implementation of = operator';
COMMENT ON FUNCTION @extschema@.guid_ne(@extschema@.guid, @extschema@.guid) IS 'implementation of <> operator';
COMMENT ON FUNCTION @extschema@.guid_ge(@extschema@.guid, @extschema@.guid) IS 'implementation of >= operator';
COMMENT ON FUNCTION @extschema@.guid_gt(@extschema@.guid, @extschema@.guid) IS 'implementation of > operator';
COMMENT ON FUNCTION @extschema@.guid_cmp(@extschema@.guid, @extschema@.guid) IS 'less-equal-greater';
COMMENT ON FUNCTION @extschema@.guid_larger(@extschema@.guid, @extschema@.guid) IS 'larger of two';
COMMENT ON FUNCTION @extschema@.guid_smaller(@extschema@.guid, @extschema@.guid) IS 'smaller of two';

CREATE OPERATOR @extschema@.< (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_lt,
	COMMUTATOR = OPERATOR(@extschema@.>), NEGATOR = OPERATOR(@extschema@.>=),
	RESTRICT = pg_catalog.scalarltsel, JOIN = pg_catalog.scalarltjoinsel
);
CREATE OPERATOR @extschema@.<= (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_le,
	COMMUTATOR = OPERATOR(@extschema@.>=), NEGATOR = OPERATOR(@extschema@.>),
	RESTRICT = pg_catalog.scalarlesel, JOIN = pg_catalog.scalarlejoinsel
);
CREATE OPERATOR @extschema@.= (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_eq,
	COMMUTATOR = OPERATOR(@extschema@.=), NEGATOR = OPERATOR(@extschema@.<>),
	RESTRICT = pg_catalog.eqsel, JOIN = pg_catalog.eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR @extschema@.<> (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_ne,
	COMMUTATOR = OPERATOR(@extschema@.<>), NEGATOR = OPERATOR(@extschema@.=),
	RESTRICT = pg_catalog.neqsel, JOIN = pg_catalog.neqjoinsel
);
CREATE OPERATOR @extschema@.>= (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_ge,
	COMMUTATOR = OPERATOR(@extschema@.<=), NEGATOR = OPERATOR(@extschema@.<),
	RESTRICT = pg_catalog.scalargesel, JOIN = pg_catalog.scalargejoinsel
);
CREATE OPERATOR @extschema@.> (
	LEFTARG = @extschema@.guid, RIGHTARG = @extschema@.guid, FUNCTION = @extschema@.guid_gt,
	COMMUTATOR = OPERATOR(@extschema@.<), NEGATOR = OPERATOR(@extschema@.<=),
	RESTRICT = pg_catalog.scalargtsel, JOIN = pg_catalog.scalargtjoinsel
);

COMMENT ON OPERATOR @extschema@.<  (@extschema@.guid, @extschema@.guid) IS 'less than';
COMMENT ON OPERATOR @extschema@.<= (@extschema@.guid, @extschema@.guid) IS 'less than or equal';
COMMENT ON OPERATOR @extschema@.=  (@extschema@.guid, @extschema@.guid) IS 'equal';
COMMENT ON OPERATOR @extschema@.<> (@extschema@.guid, @extschema@.guid) IS 'not equal';
COMMENT ON OPERATOR @extschema@.>= (@extschema@.guid, @extschema@.guid) IS 'greater than or equal';
COMMENT ON OPERATOR @extschema@.>  (@extschema@.guid, @extschema@.guid) IS 'greater than';

CREATE AGGREGATE @extschema@.max(@extschema@.guid) (
	SFUNC = @extschema@.guid_larger, STYPE = @extschema@.guid, COMBINEFUNC = @extschema@.guid_larger,
	SORTOP = OPERATOR(@extschema@.>), PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.min(@extschema@.guid) (
	SFUNC = @extschema@.guid_smaller, STYPE = @extschema@.guid, COMBINEFUNC = @extschema@.guid_smaller,
	SORTOP = OPERATOR(@extschema@.<), PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.max(@extschema@.guid) IS 'maximum value of all guid input values';
COMMENT ON AGGREGATE @extschema@.min(@extschema@.guid) IS 'minimum value of all guid input values';

/* Btree */

CREATE FUNCTION @extschema@.guid_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME', 'poa_guid_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.guid_sortsupport(internal) IS 'sort support';
CREATE FUNCTION @extschema@.guid_equalimage(oid) RETURNS boolean
	AS 'MODULE_PATHNAME', 'poa_guid_equalimage' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.guid_equalimage(oid) IS 'equal image';

CREATE OPERATOR CLASS @extschema@.guid_ops DEFAULT FOR TYPE @extschema@.guid USING btree AS
	OPERATOR 1 @extschema@.<,
	OPERATOR 2 @extschema@.<=,
	OPERATOR 3 @extschema@.=,
	OPERATOR 4 @extschema@.>=,
	OPERATOR 5 @extschema@.>,
	FUNCTION 1 @extschema@.guid_cmp(@extschema@.guid, @extschema@.guid),
	FUNCTION 2 @extschema@.guid_sortsupport(internal),
	FUNCTION 4 @extschema@.guid_equalimage(oid);

/* Hash */

CREATE FUNCTION @extschema@.guid_hash(@extschema@.guid) RETURNS integer
	AS 'MODULE_PATHNAME', 'poa_guid_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.guid_hash(@extschema@.guid) IS 'hash';
CREATE FUNCTION @extschema@.guid_hash_extended(@extschema@.guid, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'poa_guid_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.guid_hash_extended(@extschema@.guid, bigint) IS 'hash';

CREATE OPERATOR CLASS @extschema@.guid_ops DEFAULT FOR TYPE @extschema@.guid USING hash AS
	OPERATOR 1 @extschema@.=,
	FUNCTION 1 @extschema@.guid_hash(@extschema@.guid),
	FUNCTION 2 @extschema@.guid_hash_extended(@extschema@.guid, bigint);

/* BRIN: core's generic support functions over the operators above */

CREATE FUNCTION @extschema@.guid_distance(@extschema@.guid, @extschema@.guid) RETURNS double precision
	AS 'MODULE_PATHNAME', 'poa_guid_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION @extschema@.guid_distance(@extschema@.guid, @extschema@.guid) IS
	'BRIN multi minmax distance of two guids, never negative';

CREATE OPERATOR CLASS @extschema@.guid_minmax_ops DEFAULT FOR TYPE @extschema@.guid USING brin AS
	OPERATOR 1 @extschema@.<,
	OPERATOR 2 @extschema@.<=,
	OPERATOR 3 @extschema@.=,
	OPERATOR 4 @extschema@.>=,
	OPERATOR 5 @extschema@.>,
	FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),
	FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
	FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
	FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal);

CREATE OPERATOR CLASS @extschema@.guid_minmax_multi_ops FOR TYPE @extschema@.guid USING brin AS
	OPERATOR 1 @extschema@.<,
	OPERATOR 2 @extschema@.<=,
	OPERATOR 3 @extschema@.=,
	OPERATOR 4 @extschema@.>=,
	OPERATOR 5 @extschema@.>,
	FUNCTION 1 pg_catalog.brin_minmax_multi_opcinfo(internal),
	FUNCTION 2 pg_catalog.brin_minmax_multi_add_value(internal, internal, internal, internal),
	FUNCTION 3 pg_catalog.brin_minmax_multi_consistent(internal, internal, internal, integer),
	FUNCTION 4 pg_catalog.brin_minmax_multi_union(internal, internal, internal),
	FUNCTION 5 pg_catalog.brin_minmax_multi_options(internal),
	FUNCTION 11 @extschema@.guid_distance(@extschema@.guid, @extschema@.guid);

CREATE OPERATOR CLASS @extschema@.guid_bloom_ops FOR TYPE @extschema@.guid USING brin AS
	OPERATOR 1 @extschema@.=,
	FUNCTION 1 pg_catalog.brin_bloom_opcinfo(internal),
	FUNCTION 2 pg_catalog.brin_bloom_add_value(internal, internal, internal, internal),
	FUNCTION 3 pg_catalog.brin_bloom_consistent(internal, internal, internal, integer),
	FUNCTION 4 pg_catalog.brin_bloom_union(internal, internal, internal),
	FUNCTION 5 pg_catalog.brin_bloom_options(internal),
	FUNCTION 11 @extschema@.guid_hash(@extschema@.guid);

COMMENT ON OPERATOR CLASS @extschema@.guid_ops USING btree IS 'order of guids, the default';
COMMENT ON OPERATOR CLASS @extschema@.guid_ops USING hash IS 'hash of guids, the default';
COMMENT ON OPERATOR CLASS @extschema@.guid_minmax_ops USING brin IS 'one range of guids per block range, the default';
COMMENT ON OPERATOR CLASS @extschema@.guid_minmax_multi_ops USING brin IS 'several ranges of guids per block range';
COMMENT ON OPERATOR CLASS @extschema@.guid_bloom_ops USING brin IS 'Bloom filter of guids per block range';

/*
 * Casts.  Those from text are made on assignment, so that a text parameter can
 * be inserted and a column of text can become one of guid; the others only when
 * written.  To text there is one for every type.
 */

CREATE FUNCTION @extschema@.guid(bytea) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_bytea_guid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.bytea(@extschema@.guid) RETURNS bytea
	AS 'MODULE_PATHNAME', 'poa_guid_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.guid(macaddr8) RETURNS @extschema@.guid
	AS 'MODULE_PATHNAME', 'poa_macaddr8_guid' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION @extschema@.macaddr8(@extschema@.guid) RETURNS macaddr8
	AS 'MODULE_PATHNAME', 'poa_guid_macaddr8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION @extschema@.guid(bytea) IS 'convert bytea of eight octets to guid; any other length raises 22P03';
COMMENT ON FUNCTION @extschema@.bytea(@extschema@.guid) IS 'convert guid to bytea of eight octets';
COMMENT ON FUNCTION @extschema@.guid(macaddr8) IS 'convert macaddr8 to guid';
COMMENT ON FUNCTION @extschema@.macaddr8(@extschema@.guid) IS 'convert guid to macaddr8';

CREATE CAST (text AS @extschema@.guid) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS @extschema@.guid) WITH INOUT AS ASSIGNMENT;
CREATE CAST (character AS @extschema@.guid) WITH INOUT AS ASSIGNMENT;
CREATE CAST (bytea AS @extschema@.guid) WITH FUNCTION @extschema@.guid(bytea);
CREATE CAST (@extschema@.guid AS bytea) WITH FUNCTION @extschema@.bytea(@extschema@.guid);
CREATE CAST (macaddr8 AS @extschema@.guid) WITH FUNCTION @extschema@.guid(macaddr8);
CREATE CAST (@extschema@.guid AS macaddr8) WITH FUNCTION @extschema@.macaddr8(@extschema@.guid);
CREATE CAST (bigint AS @extschema@.guid) WITHOUT FUNCTION;
CREATE CAST (@extschema@.guid AS bigint) WITHOUT FUNCTION;

COMMENT ON CAST (text AS @extschema@.guid) IS 'what the text says; raises 22P02 where that is no GUID';
COMMENT ON CAST (varchar AS @extschema@.guid) IS 'what the text says; raises 22P02 where that is no GUID';
COMMENT ON CAST (character AS @extschema@.guid) IS 'what the text says; raises 22P02 where that is no GUID';
COMMENT ON CAST (bytea AS @extschema@.guid) IS 'eight octets, first octet first';
COMMENT ON CAST (@extschema@.guid AS bytea) IS 'eight octets, first octet first';
COMMENT ON CAST (macaddr8 AS @extschema@.guid) IS 'the same eight octets';
COMMENT ON CAST (@extschema@.guid AS macaddr8) IS 'the same eight octets';
COMMENT ON CAST (bigint AS @extschema@.guid) IS 'the same 64 bits: a negative number is a guid from 80-00-00-00-00-00-00-00 on';
COMMENT ON CAST (@extschema@.guid AS bigint) IS 'the same 64 bits: a guid from 80-00-00-00-00-00-00-00 on is a negative number';

COMMENT ON OPERATOR FAMILY @extschema@.guid_ops USING btree IS 'order of guids';
COMMENT ON OPERATOR FAMILY @extschema@.guid_ops USING hash IS 'hash of guids';
COMMENT ON OPERATOR FAMILY @extschema@.guid_minmax_ops USING brin IS 'one range of guids per block range';
COMMENT ON OPERATOR FAMILY @extschema@.guid_minmax_multi_ops USING brin IS 'several ranges of guids per block range';
COMMENT ON OPERATOR FAMILY @extschema@.guid_bloom_ops USING brin IS 'Bloom filter of guids per block range';
