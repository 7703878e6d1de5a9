/*-------------------------------------------------------------------------
 *
 * datetime_parse.h
 *	  Instants as DUIS and GBCS write them, read without the server.
 *
 * An instant is a number of microseconds since 2000-01-01 00:00:00 UTC, which
 * is what PostgreSQL keeps in a timestamptz.
 *
 * src/datetime_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_DATETIME_PARSE_H
#define POA_DATETIME_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The instants that stand for no instant: each takes a future-dated activation
 * back.  DUIS writes 3000-12-31T00:00:00Z, GBCS 99991231235959Z.
 */
#define POA_DUIS_CANCELLATION	INT64_C(31588444800000000)
#define POA_GBCS_CANCELLATION	INT64_C(252455615999000000)

extern bool poa_xs_datetime_parse(const char *str, size_t len, int64_t *usecs);
extern bool poa_generalized_time_parse(const char *str, size_t len,
									   int64_t *usecs);

#endif							/* POA_DATETIME_PARSE_H */
