/*-------------------------------------------------------------------------
 *
 * guid.c
 *	  The type guid: the EUI-64 by which a device of the smart metering
 *	  network is known.
 *
 * Eight octets in an unsigned 64-bit number, by value, first text octet most
 * significant.  The order on disk, the hash values and the canonical text are
 * promises to every index and dump that exists: they do not change.
 *
 * src/guid.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "guid.h"
#include "guid_parse.h"

#define GUID_SIZE	sizeof(uint64)

/*
 * Input: text to guid.
 *
 * A text that is not a guid is 22P02, raised softly where the server can.
 */
PG_FUNCTION_INFO_V1(poa_guid_in);
Datum
poa_guid_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	uint64		guid;

	if (!poa_guid_parse(str, strlen(str), &guid))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"guid", str)));
	PG_RETURN_GUID(guid);
}

/*
 * Output: the canonical text, upper case with hyphens.
 */
PG_FUNCTION_INFO_V1(poa_guid_out);
Datum
poa_guid_out(PG_FUNCTION_ARGS)
{
	char	   *out = palloc(POA_GUID_TEXT_LENGTH + 1);

	poa_guid_print(PG_GETARG_GUID(0), out);
	out[POA_GUID_TEXT_LENGTH] = '\0';
	PG_RETURN_CSTRING(out);
}

/*
 * Binary input: eight octets in network order; a short or long message is the
 * server's own error.
 */
PG_FUNCTION_INFO_V1(poa_guid_recv);
Datum
poa_guid_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_GUID((uint64) pq_getmsgint64((StringInfo) PG_GETARG_POINTER(0)));
}

/*
 * Binary output: eight octets in network order.
 */
PG_FUNCTION_INFO_V1(poa_guid_send);
Datum
poa_guid_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, PG_GETARG_GUID(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * try_guid(text): the guid, or NULL where the text is not one.
 */
PG_FUNCTION_INFO_V1(poa_try_guid);
Datum
poa_try_guid(PG_FUNCTION_ARGS)
{
	text	   *str = PG_GETARG_TEXT_PP(0);
	uint64		guid;

	if (!poa_guid_parse(VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str), &guid))
		PG_RETURN_NULL();
	PG_RETURN_GUID(guid);
}

/*
 * The one comparison, from which every operator, the btree and the aggregates
 * are made: negative, zero or positive.
 */
static inline int
guid_cmp(uint64 a, uint64 b)
{
	return (a > b) - (a < b);
}

PG_FUNCTION_INFO_V1(poa_guid_lt);
Datum
poa_guid_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) < 0);
}

PG_FUNCTION_INFO_V1(poa_guid_le);
Datum
poa_guid_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) <= 0);
}

PG_FUNCTION_INFO_V1(poa_guid_eq);
Datum
poa_guid_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) == 0);
}

PG_FUNCTION_INFO_V1(poa_guid_ne);
Datum
poa_guid_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) != 0);
}

PG_FUNCTION_INFO_V1(poa_guid_ge);
Datum
poa_guid_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) >= 0);
}

PG_FUNCTION_INFO_V1(poa_guid_gt);
Datum
poa_guid_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)) > 0);
}

/*
 * Btree support 1: three-way comparison.
 */
PG_FUNCTION_INFO_V1(poa_guid_cmp);
Datum
poa_guid_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(guid_cmp(PG_GETARG_GUID(0), PG_GETARG_GUID(1)));
}

#if SIZEOF_DATUM < 8
/*
 * Comparator for sorts where a guid does not fit a Datum.
 */
static int
guid_fastcmp(Datum x, Datum y, SortSupport ssup)
{
	return guid_cmp(DatumGetGuid(x), DatumGetGuid(y));
}
#endif

/*
 * Btree support 2: where a guid is the Datum itself, core's comparator for
 * unsigned datums has a sort specialised for it.
 */
PG_FUNCTION_INFO_V1(poa_guid_sortsupport);
Datum
poa_guid_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

#if SIZEOF_DATUM >= 8
	ssup->comparator = ssup_datum_unsigned_cmp;
#else
	ssup->comparator = guid_fastcmp;
#endif
	PG_RETURN_VOID();
}

/*
 * Btree support 4: guids that compare equal are the same bits, so the index
 * may keep one copy of them.
 */
PG_FUNCTION_INFO_V1(poa_guid_equalimage);
Datum
poa_guid_equalimage(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}

PG_FUNCTION_INFO_V1(poa_guid_larger);
Datum
poa_guid_larger(PG_FUNCTION_ARGS)
{
	uint64		a = PG_GETARG_GUID(0);
	uint64		b = PG_GETARG_GUID(1);

	PG_RETURN_GUID(guid_cmp(a, b) >= 0 ? a : b);
}

PG_FUNCTION_INFO_V1(poa_guid_smaller);
Datum
poa_guid_smaller(PG_FUNCTION_ARGS)
{
	uint64		a = PG_GETARG_GUID(0);
	uint64		b = PG_GETARG_GUID(1);

	PG_RETURN_GUID(guid_cmp(a, b) <= 0 ? a : b);
}

/*
 * Hash support 1.  All eight octets are mixed: the first three are the maker's
 * and hardly vary, so the halves must not simply be folded together.
 */
PG_FUNCTION_INFO_V1(poa_guid_hash);
Datum
poa_guid_hash(PG_FUNCTION_ARGS)
{
	uint64		guid = PG_GETARG_GUID(0);

	return hash_any((unsigned char *) &guid, GUID_SIZE);
}

/*
 * Hash support 2: 64 bits with a seed, for hash partitions and large joins;
 * its low half is support 1 when the seed is zero.
 */
PG_FUNCTION_INFO_V1(poa_guid_hash_extended);
Datum
poa_guid_hash_extended(PG_FUNCTION_ARGS)
{
	uint64		guid = PG_GETARG_GUID(0);

	return hash_any_extended((unsigned char *) &guid, GUID_SIZE,
							 PG_GETARG_INT64(1));
}

/*
 * BRIN minmax-multi support 11: how far two guids lie apart, never negative.
 */
PG_FUNCTION_INFO_V1(poa_guid_distance);
Datum
poa_guid_distance(PG_FUNCTION_ARGS)
{
	uint64		a = PG_GETARG_GUID(0);
	uint64		b = PG_GETARG_GUID(1);

	PG_RETURN_FLOAT8(a > b ? (float8) (a - b) : (float8) (b - a));
}

/*
 * Cast from bytea: the eight octets in order.  Any other length is 22P03.
 */
PG_FUNCTION_INFO_V1(poa_bytea_guid);
Datum
poa_bytea_guid(PG_FUNCTION_ARGS)
{
	bytea	   *octets = PG_GETARG_BYTEA_PP(0);
	uint64		guid;

	if (VARSIZE_ANY_EXHDR(octets) != GUID_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid length for type %s", "guid"),
				 errdetail("Expected %d bytes, got %d.",
						   (int) GUID_SIZE, (int) VARSIZE_ANY_EXHDR(octets))));
	memcpy(&guid, VARDATA_ANY(octets), GUID_SIZE);
	PG_RETURN_GUID(pg_ntoh64(guid));
}

/*
 * Cast to bytea: the eight octets in order.
 */
PG_FUNCTION_INFO_V1(poa_guid_bytea);
Datum
poa_guid_bytea(PG_FUNCTION_ARGS)
{
	uint64		guid = pg_hton64(PG_GETARG_GUID(0));
	bytea	   *octets = palloc(VARHDRSZ + GUID_SIZE);

	SET_VARSIZE(octets, VARHDRSZ + GUID_SIZE);
	memcpy(VARDATA(octets), &guid, GUID_SIZE);
	PG_RETURN_BYTEA_P(octets);
}

/*
 * Cast from macaddr8, octet by octet.
 */
PG_FUNCTION_INFO_V1(poa_macaddr8_guid);
Datum
poa_macaddr8_guid(PG_FUNCTION_ARGS)
{
	macaddr8   *mac = PG_GETARG_MACADDR8_P(0);

	PG_RETURN_GUID((uint64) mac->a << 56 | (uint64) mac->b << 48 |
				   (uint64) mac->c << 40 | (uint64) mac->d << 32 |
				   (uint64) mac->e << 24 | (uint64) mac->f << 16 |
				   (uint64) mac->g << 8 | (uint64) mac->h);
}

/*
 * Cast to macaddr8, octet by octet.
 */
PG_FUNCTION_INFO_V1(poa_guid_macaddr8);
Datum
poa_guid_macaddr8(PG_FUNCTION_ARGS)
{
	uint64		guid = PG_GETARG_GUID(0);
	macaddr8   *mac = palloc(sizeof(macaddr8));

	mac->a = (unsigned char) (guid >> 56);
	mac->b = (unsigned char) (guid >> 48);
	mac->c = (unsigned char) (guid >> 40);
	mac->d = (unsigned char) (guid >> 32);
	mac->e = (unsigned char) (guid >> 24);
	mac->f = (unsigned char) (guid >> 16);
	mac->g = (unsigned char) (guid >> 8);
	mac->h = (unsigned char) guid;
	PG_RETURN_MACADDR8_P(mac);
}
