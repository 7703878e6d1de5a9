/*-------------------------------------------------------------------------
 *
 * duis.c
 *	  What SQL cannot read of a DUIS message.
 *
 * The messages themselves are taken apart by PostgreSQL's xml type, in
 * duis.sql; here is what it leaves to do: where a text holds its one document,
 * which of its fields stand once, and what an instant means.
 *
 * src/duis.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
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
 * The part of a document from str on, of len bytes.  XMLTABLE reads all as
 * UTF-8: where the database has another encoding, characters beyond ASCII become
 * references to them, which mean the same in fields and attributes, and nothing
 * in a comment.
 */
static text *
document_text(const char *str, size_t len)
{
	int			encoding = GetDatabaseEncoding();
	bool		is_utf8 = encoding == PG_UTF8 || encoding == PG_SQL_ASCII;
	size_t		n_ascii = 0;
	const char *utf8;
	const char *end;
	StringInfoData buf;

	while (!is_utf8 && n_ascii < len && !IS_HIGHBIT_SET(str[n_ascii]))
		n_ascii++;
	if (is_utf8 || n_ascii == len)
		return cstring_to_text_with_len(str, (int) len);

	utf8 = pg_server_to_any(str, (int) len, PG_UTF8);
	end = utf8 + strlen(utf8);
	initStringInfo(&buf);
	while (utf8 < end)
	{
		if (IS_HIGHBIT_SET(*utf8))
			appendStringInfo(&buf, "&#x%X;", utf8_to_unicode((const unsigned char *) utf8));
		else
			appendStringInfoChar(&buf, *utf8);
		utf8 += pg_encoding_mblen(PG_UTF8, utf8);
	}
	return cstring_to_text_with_len(buf.data, buf.len);
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

	if (status == POA_DUIS_MORE)
	{
		text	   *root = document_text(str + extent.start, extent.end - extent.start);

		if (DatumGetBool(DirectFunctionCall1(xml_is_well_formed_document,
											 PointerGetDatum(root))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid DUIS message: more than one XML document"),
					 errdetail("Something follows the root element, which ends at byte %zu of %zu.",
							   extent.end, len),
					 errhint("Pass each message on its own.")));
		extent.end = len;
	}
	PG_RETURN_TEXT_P(document_text(str + extent.start, extent.end - extent.start));
}

/* "name=value" */
typedef struct Field
{
	text	   *field;
	size_t		name_len;
	size_t		index;
} Field;

static int
compare_names(const void *a, const void *b)
{
	const Field *x = (const Field *) a;
	const Field *y = (const Field *) b;

	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	return memcmp(VARDATA_ANY(x->field), VARDATA_ANY(y->field), x->name_len);
}

/*
 * The text of a value, which XMLTABLE leaves in UTF-8.  22P05 where the database
 * does not have a character of it.
 */
static text *
server_text(const char *str, size_t len)
{
	char	   *value = pg_any_to_server(str, (int) len, PG_UTF8);

	return cstring_to_text_with_len(value, (int) (value == str ? len : strlen(value)));
}

/*
 * fields_object(text[]): fields, each a text "name=value", as a jsonb object, in
 * which the value is null where a name stands more than once.
 *
 * The array is that of message_fields() and has no NULL; what is in it comes from
 * XMLTABLE.
 */
PG_FUNCTION_INFO_V1(poa_fields_object);
Datum
poa_fields_object(PG_FUNCTION_ARGS)
{
	Datum	   *elements;
	int			n;
	Field	   *fields;
	Datum	   *names;
	Datum	   *values;
	bool	   *nulls;
	int			dims[1];
	int			lower[1] = {1};
	ArrayType  *value_array;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &n);
	fields = (Field *) palloc(Max(n, 1) * sizeof(Field));
	names = (Datum *) palloc(Max(n, 1) * sizeof(Datum));
	values = (Datum *) palloc(Max(n, 1) * sizeof(Datum));
	nulls = (bool *) palloc0(Max(n, 1) * sizeof(bool));
	for (int i = 0; i < n; i++)
	{
		text	   *field = DatumGetTextPP(elements[i]);
		const char *str = VARDATA_ANY(field);
		size_t		len = VARSIZE_ANY_EXHDR(field);
		const char *equals = memchr(str, '=', len);
		size_t		name_len = equals ? (size_t) (equals - str) : len;
		size_t		value_at = Min(name_len + 1, len);

		fields[i] = (Field)
		{
			field, name_len, (size_t) i
		};
		names[i] = PointerGetDatum(cstring_to_text_with_len(str, (int) name_len));
		values[i] = PointerGetDatum(server_text(str + value_at, len - value_at));
	}

	qsort(fields, (size_t) n, sizeof(Field), compare_names);
	for (int i = 1; i < n; i++)
		if (compare_names(&fields[i - 1], &fields[i]) == 0)
			nulls[fields[i - 1].index] = nulls[fields[i].index] = true;

	dims[0] = n;
	value_array = construct_md_array(values, nulls, n > 0 ? 1 : 0, dims, lower,
									 TEXTOID, -1, false, TYPALIGN_INT);
	return DirectFunctionCall2(jsonb_object_two_arg,
							   PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT)),
							   PointerGetDatum(value_array));
}
