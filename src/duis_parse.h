/*-------------------------------------------------------------------------
 *
 * duis_parse.h
 *	  Where in a text the one XML document is, found without the server.
 *
 * src/duis_parse.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_DUIS_PARSE_H
#define POA_DUIS_PARSE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum PoaDuisStatus
{
	POA_DUIS_DOCUMENT,			/* one document, as far as can be seen here */
	POA_DUIS_NO_ROOT,			/* text before a root element, or no element */
	POA_DUIS_DOCTYPE,			/* a document type declaration */
	POA_DUIS_MORE				/* something follows the root element */
} PoaDuisStatus;

typedef struct PoaDuisExtent
{
	size_t		start;			/* behind byte order marks and XML declaration */
	size_t		end;			/* behind the root element where there is
								 * MORE, else the end of the text */
} PoaDuisExtent;

extern PoaDuisStatus poa_duis_find_document(const char *str, size_t len,
											PoaDuisExtent *extent);

#endif							/* POA_DUIS_PARSE_H */
