/*-------------------------------------------------------------------------
 *
 * duis.c
 *	  What SQL cannot read of a DUIS message.
 *
 * The messages themselves are taken apart by PostgreSQL's xml type, in
 * duis.sql; here is what it leaves to do: where a text holds its one document,
 * and what an instant means.
 *
 * src/duis.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "datetime_parse.h"
#include "duis_parse.h"

/* an image of firmware has less than a megabyte */
#define MAX_MESSAGE_OCTETS	(16 * 1024 * 1024)

/*
 * xs_datetime(text): the instant that an xs:dateTime names, NULL where the
 * text is not one.
 *
 * timestamptz's own input is no help here: it accepts far more, and reads a
 * time without a zone in the session's, not in UTC.
 */
PG_FUNCTION_INFO_V1(poa_xs_datetime);
Datum
poa_xs_datetime(PG_FUNCTION_ARGS)
{
	text	   *str = PG_GETARG_TEXT_PP(0);
	int64_t		usecs;

	if (!poa_xs_datetime_parse(VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str), &usecs))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ((TimestampTz) usecs);
}

/*
 * one_document(text): the document in a text, an xml value that is yet to be
 * parsed: byte order marks and the XML declaration are left out.
 *
 * 22023 for a text of more than 16 MiB, with a document type declaration, or
 * that is not one document.  A root element that is not well formed is left for
 * the server's parser to refuse, also where something follows it.
 */
PG_FUNCTION_INFO_V1(poa_one_document);
Datum
poa_one_document(PG_FUNCTION_ARGS)
{
	text	   *message = PG_GETARG_TEXT_PP(0);
	const char *str = VARDATA_ANY(message);
	size_t		len = VARSIZE_ANY_EXHDR(message);
	PoaDuisExtent extent;
	PoaDuisStatus status;
	text	   *document;

	if (len > MAX_MESSAGE_OCTETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid DUIS message: too long"),
				 errdetail("It has %zu bytes, more than %d.", len, MAX_MESSAGE_OCTETS)));

	status = poa_duis_find_document(str, len, &extent);
	if (status == POA_DUIS_DOCTYPE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid DUIS message: document type declaration"),
				 errdetail("A DUIS message has none; entities that it could declare are not read.")));
	if (status == POA_DUIS_NO_ROOT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid DUIS message: no XML document"),
				 errdetail("The text has no root element, or other text before it.")));

	document = cstring_to_text_with_len(str + extent.start, (int) (extent.end - extent.start));
	if (status == POA_DUIS_MORE)
	{
		if (DatumGetBool(DirectFunctionCall1(xml_is_well_formed_document,
											 PointerGetDatum(document))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid DUIS message: more than one XML document"),
					 errdetail("Something follows the root element, which ends at byte %zu of %zu.",
							   extent.end, len),
					 errhint("Pass each message on its own.")));
		document = cstring_to_text_with_len(str + extent.start, (int) (len - extent.start));
	}
	PG_RETURN_TEXT_P(document);
}
