/*-------------------------------------------------------------------------
 *
 * guid_parse.h
 *	  Text form of an EUI-64, read and written without the server.
 *
 * A guid is held as an unsigned 64-bit number whose most significant octet is
 * the first one of the text, so that the order of the numbers is the order of
 * the texts and of the octets.
 *
 * src/guid_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_GUID_PARSE_H
#define POA_GUID_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "00-DB-12-34-56-78-90-A0", without a terminating NUL */
#define POA_GUID_TEXT_LENGTH	23

extern bool poa_guid_parse(const char *str, size_t len, uint64_t *guid);
extern void poa_guid_print(uint64_t guid, char *out);

#endif							/* POA_GUID_PARSE_H */
