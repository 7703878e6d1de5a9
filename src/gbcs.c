/*-------------------------------------------------------------------------
 *
 * gbcs.c
 *	  The GBCS use case CS06, Activate Firmware, seen from SQL.
 *
 * What a message is and how it is read stands in gbcs_parse.c; here it becomes
 * a row, or an error of the server's.
 *
 * src/gbcs.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "gbcs_parse.h"
#include "guid.h"

/* columns of gbcs_activation */
enum
{
	COL_KIND,
	COL_ORIGINATOR,
	COL_RECIPIENT,
	COL_COUNTER,
	COL_ACTIVATES_AT,
	COL_CANCELS,
	COL_OUTCOME,
	COL_FIRMWARE_VERSION,
	NUM_COLS,
	COL_FIRMWARE_HASH = NUM_COLS,	/* of gbcs_message alone */
	NUM_MESSAGE_COLS
};

/* by PoaGbcsKind */
static const char *const kind_names[] = {
	[POA_GBCS_COMMAND] = "command",
	[POA_GBCS_RESPONSE] = "response",
	[POA_GBCS_ALERT] = "alert"
};

/* by PoaGbcsOutcome; the names are those of poa.record_outcome */
static const char *const outcome_names[] = {
	[POA_GBCS_OUTCOME_NONE] = NULL,
	[POA_GBCS_ACCEPTED] = "accepted",
	[POA_GBCS_SUCCEEDED] = "succeeded",
	[POA_GBCS_NO_IMAGE_HELD] = "no_image_held",
	[POA_GBCS_HASH_MISMATCH] = "hash_mismatch",
	[POA_GBCS_ACTIVATION_FAILURE] = "activation_failure"
};

/*
 * A counter has 64 bits without a sign, for which SQL has only numeric.
 */
static Datum
counter_to_numeric(uint64 counter)
{
	char		digits[32];

	snprintf(digits, sizeof(digits), UINT64_FORMAT, counter);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
							   ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
}

/*
 * Eight hex digits in upper case, as DUIS and the CPL write a version.
 */
static Datum
firmware_version_to_text(const uint8 *octets)
{
	static const char digits[] = "0123456789ABCDEF";
	char		hex[2 * POA_FIRMWARE_VERSION_OCTETS];
	char	   *next = hex;

	for (int i = 0; i < POA_FIRMWARE_VERSION_OCTETS; i++)
	{
		*next++ = digits[octets[i] >> 4];
		*next++ = digits[octets[i] & 0x0F];
	}
	return PointerGetDatum(cstring_to_text_with_len(hex, sizeof(hex)));
}

/*
 * Was the payload passed as it stands in a message or a test file, instead of
 * decoded?  Returns the name of the encoding that a message (which begins with
 * DF 09, or DD 00 or DD 09) would have, or NULL.
 */
static const char *
guess_encoding(const char *payload, size_t len)
{
	if (len >= 4 &&
		(pg_strncasecmp(payload, "DF09", 4) == 0 ||
		 pg_strncasecmp(payload, "DD00", 4) == 0 ||
		 pg_strncasecmp(payload, "DD09", 4) == 0))
		return "hex";
	if (len >= 3 &&
		(strncmp(payload, "3wk", 3) == 0 ||
		 strncmp(payload, "3QA", 3) == 0 ||
		 strncmp(payload, "3Qk", 3) == 0))
		return "base64";
	return NULL;
}

/*
 * Read a payload; 22023 where it is damaged.
 */
static PoaGbcsStatus
read_payload(bytea *payload, PoaGbcsActivation *activation)
{
	const char *octets = VARDATA_ANY(payload);
	size_t		len = VARSIZE_ANY_EXHDR(payload);
	PoaGbcsError err;
	PoaGbcsStatus status;

	status = poa_gbcs_activation_parse((const uint8 *) octets, len,
									   activation, &err);
	if (status == POA_GBCS_INVALID)
	{
		const char *encoding = guess_encoding(octets, len);

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid GBCS message: bad %s", err.field),
				 errdetail("The %s, at octet %zu of %zu, %s.",
						   err.field, err.offset, len, err.problem),
				 encoding == NULL ? 0 :
				 errhint("The payload looks like %s text, try decode(payload, '%s').",
						 encoding, encoding)));
	}
	return status;
}

/*
 * Fill in the columns that gbcs_activation and gbcs_message have in common.
 */
static void
fill_columns(const PoaGbcsActivation *activation, Datum *values, bool *nulls)
{
	values[COL_KIND] = CStringGetTextDatum(kind_names[activation->kind]);
	values[COL_ORIGINATOR] = GuidGetDatum(activation->originator);
	values[COL_RECIPIENT] = GuidGetDatum(activation->recipient);
	values[COL_COUNTER] = counter_to_numeric(activation->counter);
	if (activation->has_time)
		values[COL_ACTIVATES_AT] = TimestampTzGetDatum(activation->usecs);
	else
		nulls[COL_ACTIVATES_AT] = true;
	values[COL_CANCELS] = BoolGetDatum(activation->cancels);
	if (outcome_names[activation->outcome] != NULL)
		values[COL_OUTCOME] = CStringGetTextDatum(outcome_names[activation->outcome]);
	else
		nulls[COL_OUTCOME] = true;
	if (activation->has_firmware_version)
		values[COL_FIRMWARE_VERSION] =
			firmware_version_to_text(activation->firmware_version);
	else
		nulls[COL_FIRMWARE_VERSION] = true;
}

/*
 * gbcs_activation(payload bytea): one row for an Activate Firmware command,
 * response or future-dated alert, none for a message of another use case.  A
 * damaged message is 22023.
 */
PG_FUNCTION_INFO_V1(poa_gbcs_activation);
Datum
poa_gbcs_activation(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PoaGbcsActivation activation;
	Datum		values[NUM_COLS] = {0};
	bool		nulls[NUM_COLS] = {false};

	InitMaterializedSRF(fcinfo, 0);
	if (read_payload(PG_GETARG_BYTEA_PP(0), &activation) != POA_GBCS_OK)
		return (Datum) 0;
	fill_columns(&activation, values, nulls);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}

/*
 * gbcs_message(payload bytea): what gbcs_activation reads, as one value, with
 * the hash of a command's image; also a device's alert that it does not support
 * such a command, whose outcome is unsupported.  NULL for a message of another
 * use case; a damaged one is 22023.
 */
PG_FUNCTION_INFO_V1(poa_gbcs_message);
Datum
poa_gbcs_message(PG_FUNCTION_ARGS)
{
	PoaGbcsActivation activation;
	PoaGbcsStatus status = read_payload(PG_GETARG_BYTEA_PP(0), &activation);
	TupleDesc	columns;
	Datum		values[NUM_MESSAGE_COLS] = {0};
	bool		nulls[NUM_MESSAGE_COLS] = {false};

	if (status == POA_GBCS_NOT_CS06)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	fill_columns(&activation, values, nulls);
	if (status == POA_GBCS_UNSUPPORTED)
	{
		values[COL_OUTCOME] = CStringGetTextDatum("unsupported");
		nulls[COL_OUTCOME] = false;
	}
	if (activation.has_firmware_hash)
	{
		bytea	   *hash = palloc(VARHDRSZ + POA_FIRMWARE_HASH_OCTETS);

		SET_VARSIZE(hash, VARHDRSZ + POA_FIRMWARE_HASH_OCTETS);
		memcpy(VARDATA(hash), activation.firmware_hash, POA_FIRMWARE_HASH_OCTETS);
		values[COL_FIRMWARE_HASH] = PointerGetDatum(hash);
	}
	else
		nulls[COL_FIRMWARE_HASH] = true;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
