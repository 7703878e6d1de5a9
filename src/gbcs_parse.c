/*-------------------------------------------------------------------------
 *
 * gbcs_parse.c
 *	  Reader of the GBCS use case CS06, Activate Firmware, without the server.
 *
 * A message is, from the outside in (all numbers big-endian; a "length" is a
 * DER length, a "part" is a length and so many octets):
 *
 *	MAC header		DD, six times 00, the length of all that follows, a
 *					security header of 5 octets.  Optional; where it is, a MAC
 *					of 12 octets may end the message.  A header of 14 octets
 *					may have been blanked behind DD.
 *	grouping header	DF 09; 01 command, 02 response, 03 alert; counter, 8
 *					octets; 08 and the originator; 08 and the recipient; date-
 *					time, a part, often empty; other information, a part that
 *					begins with the message code, two octets.
 *	content			a part.
 *	signature		a part, empty or of 64 octets.  A pre-command ends before
 *					it, and it may have been taken off when it was checked.
 *
 * What the content is depends on the message code.  That of CS06 is DER:
 *
 *	0012, command	SEQUENCE { hash OCTET STRING (32 octets), counter INTEGER,
 *					time GeneralizedTime OPTIONAL }
 *	0012, response	NULL where a future-dated command was accepted, else the
 *					outcome
 *	00CA, alert		SEQUENCE { alert code INTEGER (8F66 or 8F67), time
 *					GeneralizedTime, counter INTEGER, outcome }
 *	outcome			SEQUENCE { response code INTEGER (0-3), firmware version
 *					OCTET STRING (4 octets) }
 *
 * A device that does not support a command says so in an alert of use case
 * ECS100, whose content is DLMS:
 *
 *	0120, alert		0F and four octets; date-time, a part; 02 03; 12 and the
 *					alert code 8F85, two octets; 09 0C and a date-time; 09 0A,
 *					the message code of the command and its counter, 8 octets
 *
 * There the other information may hold, behind the code, the party that the
 * command is from and a counter of 8 octets; else that is the recipient.
 *
 * A message so large that it travels in blocks has a routing header instead,
 * DD 09 and then as above, so that its use case can still be found.
 *
 * Neither the signature nor the MAC is verified: the DSP has done that, and has
 * the keys for it.
 *
 * src/gbcs_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "gbcs_parse.h"

#include <string.h>

#include "datetime_parse.h"

#define TAG_GENERAL_CIPHERING		0xDD
#define TAG_GENERAL_SIGNING			0xDF
#define TRANSACTION_ID_OCTETS		9	/* the flag and the counter */
#define SYSTEM_TITLE_OCTETS			8
#define MAC_HEADER_ZEROS			6
#define SECURITY_HEADER_OCTETS		5
#define MAC_OCTETS					12
#define BLANK_OCTETS				7	/* behind those six, of a header of 14 */
#define SIGNATURE_OCTETS			64

#define CODE_ACTIVATE_FIRMWARE		0x0012
#define CODE_ACTIVATION_ALERT		0x00CA
#define CODE_UNSUPPORTED_ALERT		0x0120
#define ALERT_SUCCEEDED				0x8F66
#define ALERT_FAILED				0x8F67
#define ALERT_UNSUPPORTED			0x8F85

#define TAG_INTEGER					0x02
#define TAG_OCTET_STRING			0x04
#define TAG_NULL					0x05
#define TAG_GENERALIZED_TIME		0x18
#define TAG_SEQUENCE				0x30

#define DLMS_DATA_NOTIFICATION		0x0F
#define DLMS_INVOKE_ID_OCTETS		4
#define DLMS_STRUCTURE				0x02
#define DLMS_OCTET_STRING			0x09
#define DLMS_LONG_UNSIGNED			0x12
#define DLMS_DATE_TIME_OCTETS		12

/*
 * What is left to read of the message, or of a part of it.  All reading goes
 * through take(), the one place that moves ptr.
 */
typedef struct Cursor
{
	const uint8_t *ptr;
	const uint8_t *end;
	const uint8_t *start;		/* of the message, for the offset of an error */
	PoaGbcsError *err;
} Cursor;

/* the grouping header */
typedef struct Header
{
	uint8_t		kind;
	uint64_t	counter;
	uint64_t	originator;
	uint64_t	recipient;
	uint64_t	party;			/* the supplementary one, else the recipient */
	unsigned int code;
	const uint8_t *code_at;		/* its place in the message */
} Header;

/*
 * Note what is wrong with a field, where the cursor stands.  Always false, for
 * the caller to return.
 */
static bool
fail(const Cursor *c, const char *field, const char *problem)
{
	c->err->field = field;
	c->err->problem = problem;
	c->err->offset = (size_t) (c->ptr - c->start);
	return false;
}

static inline size_t
octets_left(const Cursor *c)
{
	return (size_t) (c->end - c->ptr);
}

/*
 * Take the next n octets.  Fails where there are fewer.
 */
static bool
take(Cursor *c, const char *field, size_t n, const uint8_t **octets)
{
	if (octets_left(c) < n)
		return fail(c, field,
					octets_left(c) == 0 ? "is missing" : "is cut short");
	*octets = c->ptr;
	c->ptr += n;
	return true;
}

/*
 * Take n octets, at most eight, as an unsigned number.
 */
static bool
take_unsigned(Cursor *c, const char *field, size_t n, uint64_t *value)
{
	const uint8_t *octets;

	if (!take(c, field, n, &octets))
		return false;
	*value = 0;
	for (size_t i = 0; i < n; i++)
		*value = (*value << 8) | octets[i];
	return true;
}

/*
 * Take one octet that can have but one value.
 */
static bool
take_constant(Cursor *c, const char *field, uint8_t expected,
			  const char *problem)
{
	Cursor		mark = *c;
	const uint8_t *octet;

	if (!take(c, field, 1, &octet))
		return false;
	if (*octet != expected)
		return fail(&mark, field, problem);
	return true;
}

/*
 * Take a DER length: one octet below 80, or 81 or 82 and as many octets.
 *
 * More than the shortest form is accepted, for the reference data of GBCS (RTDS
 * 4.5.0, use case CS02b) has such lengths; the indefinite one is not, and no
 * GBCS message is so long that it would need more octets.
 */
static bool
take_length(Cursor *c, const char *field, size_t *length)
{
	Cursor		mark = *c;
	uint64_t	value;

	if (!take_unsigned(c, field, 1, &value))
		return false;
	if (value == 0x80)
		return fail(&mark, field, "has an indefinite length");
	if (value > 0x82)
		return fail(&mark, field, "has a length of more than two octets");
	if (value > 0x80 && !take_unsigned(c, field, value & 0x7F, &value))
		return false;
	*length = (size_t) value;
	return true;
}

/*
 * Take a length and so many octets, to be read through a cursor of their own.
 */
static bool
take_part(Cursor *c, const char *field, Cursor *part)
{
	Cursor		mark = *c;
	size_t		length = 0;

	if (!take_length(c, field, &length))
		return false;
	if (length > octets_left(c))
		return fail(&mark, field, "has a length that runs past the end of what holds it");
	*part = *c;
	part->end = part->ptr + length;
	c->ptr = part->end;
	return true;
}

/*
 * Take a DER element of the given tag, its octets through a cursor.
 */
static bool
take_element(Cursor *c, const char *field, uint8_t tag, Cursor *part)
{
	return take_constant(c, field, tag, "has the wrong tag or is missing") &&
		take_part(c, field, part);
}

/*
 * Has all been read?  Fails where something is left.
 */
static bool
take_end(const Cursor *c, const char *field)
{
	if (c->ptr != c->end)
		return fail(c, field, "is followed by octets that do not belong to it");
	return true;
}

/*
 * Take an INTEGER that is not negative and has at most 64 bits.
 */
static bool
take_integer(Cursor *c, const char *field, uint64_t *value)
{
	Cursor		part;

	if (!take_element(c, field, TAG_INTEGER, &part))
		return false;
	if (octets_left(&part) == 0)
		return fail(&part, field, "has no octets");
	if (part.ptr[0] & 0x80)
		return fail(&part, field, "is negative");

	*value = 0;
	while (octets_left(&part) > 0)
	{
		if (*value >> 56 != 0)
			return fail(&part, field, "has more than 64 bits");
		*value = (*value << 8) | *part.ptr++;
	}
	return true;
}

/*
 * Take an OCTET STRING of a fixed size.
 */
static bool
take_octet_string(Cursor *c, const char *field, size_t size,
				  const char *problem, const uint8_t **octets)
{
	Cursor		part;

	if (!take_element(c, field, TAG_OCTET_STRING, &part))
		return false;
	if (octets_left(&part) != size)
		return fail(&part, field, problem);
	return take(&part, field, size, octets);
}

/*
 * Take the GeneralizedTime at which the firmware is, or was, to be activated.
 */
static bool
take_execution_time(Cursor *c, PoaGbcsActivation *result)
{
	static const char *const field = "execution date-time";
	Cursor		part;

	if (!take_element(c, field, TAG_GENERALIZED_TIME, &part))
		return false;
	if (!poa_generalized_time_parse((const char *) part.ptr,
									octets_left(&part), &result->usecs))
		return fail(&part, field, "is not a date and time in the form YYYYMMDDHHMMSSZ");
	result->has_time = true;
	return true;
}

/*
 * Take the system title, an EUI-64, of the party that field names.
 */
static bool
take_system_title(Cursor *c, const char *field, uint64_t *title)
{
	return take_constant(c, field, SYSTEM_TITLE_OCTETS,
						 "does not have the length 08 of a system title") &&
		take_unsigned(c, field, SYSTEM_TITLE_OCTETS, title);
}

/*
 * Take the MAC header behind its tag.  The length in it must be that of all
 * that follows.
 */
static bool
take_mac_header(Cursor *c)
{
	static const char *const field = "MAC header";
	static const uint8_t blank[BLANK_OCTETS];
	Cursor		part;
	const uint8_t *security;

	/* identifiers, titles, date-time, other information and key: all empty */
	for (int i = 0; i < MAC_HEADER_ZEROS; i++)
		if (!take_constant(c, field, 0, "has an octet that is not 00"))
			return false;

	/* one that has been blanked, length and all, has no meaning */
	if (octets_left(c) > BLANK_OCTETS && memcmp(c->ptr, blank, BLANK_OCTETS) == 0)
		return take(c, field, BLANK_OCTETS, &security);

	if (!take_part(c, field, &part) || !take_end(c, "MAC"))
		return false;
	*c = part;
	return take(c, field, SECURITY_HEADER_OCTETS, &security);
}

/*
 * Take the grouping header behind its tag, as far as the message code.  What
 * "other information" may hold behind that (parties of other use cases) is
 * passed over, but for a supplementary party.
 */
static bool
take_header(Cursor *c, Header *header)
{
	static const char *const flag = "command, response or alert flag";
	Cursor		mark;
	Cursor		date_time;
	Cursor		other;
	uint64_t	value;

	if (!take_constant(c, "transaction identifier", TRANSACTION_ID_OCTETS,
					   "does not have the length 09"))
		return false;
	mark = *c;
	if (!take_unsigned(c, flag, 1, &value))
		return false;
	if (value < POA_GBCS_COMMAND || value > POA_GBCS_ALERT)
		return fail(&mark, flag, "is none of 01, 02 and 03");
	header->kind = (uint8_t) value;

	if (!take_unsigned(c, "originator counter", sizeof(header->counter),
					   &header->counter) ||
		!take_system_title(c, "originator", &header->originator) ||
		!take_system_title(c, "recipient", &header->recipient) ||
		!take_part(c, "date-time", &date_time) ||
		!take_part(c, "other information", &other) ||
		!take_unsigned(&other, "message code", 2, &value))
		return false;
	header->code = (unsigned int) value;
	header->code_at = other.ptr - 2;
	header->party = header->recipient;
	if (octets_left(&other) == 2 * SYSTEM_TITLE_OCTETS)
		return take_unsigned(&other, "supplementary party", SYSTEM_TITLE_OCTETS,
							 &header->party);
	return true;
}

/*
 * Take the outcome of an activation: how it went, and the firmware that the
 * device runs since.
 */
static bool
take_outcome(Cursor *c, PoaGbcsActivation *result)
{
	static const char *const field = "response code";
	static const PoaGbcsOutcome outcomes[] = {
		POA_GBCS_SUCCEEDED,
		POA_GBCS_NO_IMAGE_HELD,
		POA_GBCS_HASH_MISMATCH,
		POA_GBCS_ACTIVATION_FAILURE
	};
	Cursor		sequence;
	Cursor		mark;
	uint64_t	code;
	const uint8_t *version;

	if (!take_element(c, "execution outcome", TAG_SEQUENCE, &sequence))
		return false;
	mark = sequence;
	if (!take_integer(&sequence, field, &code))
		return false;
	if (code >= sizeof(outcomes) / sizeof(outcomes[0]))
		return fail(&mark, field, "is none of 0, 1, 2 and 3");
	if (!take_octet_string(&sequence, "firmware version",
						   POA_FIRMWARE_VERSION_OCTETS,
						   "does not have four octets", &version) ||
		!take_end(&sequence, "execution outcome"))
		return false;

	result->outcome = outcomes[code];
	for (size_t i = 0; i < POA_FIRMWARE_VERSION_OCTETS; i++)
		result->firmware_version[i] = version[i];
	result->has_firmware_version = true;
	return true;
}

/*
 * Take the content of a command, which repeats the counter of its header.
 */
static bool
take_command(Cursor *c, PoaGbcsActivation *result)
{
	static const char *const field = "originator counter in the payload";
	Cursor		sequence;
	Cursor		mark;
	const uint8_t *hash;
	uint64_t	counter;

	if (!take_element(c, "command payload", TAG_SEQUENCE, &sequence) ||
		!take_octet_string(&sequence, "manufacturer image hash",
						   POA_FIRMWARE_HASH_OCTETS, "does not have 32 octets",
						   &hash))
		return false;
	memcpy(result->firmware_hash, hash, POA_FIRMWARE_HASH_OCTETS);
	result->has_firmware_hash = true;

	mark = sequence;
	if (!take_integer(&sequence, field, &counter))
		return false;
	if (counter != result->counter)
		return fail(&mark, field, "differs from the one in the grouping header");

	if (octets_left(&sequence) > 0)
	{
		if (!take_execution_time(&sequence, result))
			return false;
		result->cancels = (result->usecs == POA_GBCS_CANCELLATION);
	}
	return take_end(&sequence, "command payload");
}

/*
 * Take the content of a response: a NULL, or an outcome.
 */
static bool
take_response(Cursor *c, PoaGbcsActivation *result)
{
	static const char *const field = "acceptance";
	Cursor		null;

	if (octets_left(c) == 0 || c->ptr[0] != TAG_NULL)
		return take_outcome(c, result);

	if (!take_element(c, field, TAG_NULL, &null) || !take_end(&null, field))
		return false;
	result->outcome = POA_GBCS_ACCEPTED;
	return true;
}

/*
 * Take the content of a future-dated alert.  The counter in its header is the
 * device's own; that of the command is in here.
 */
static bool
take_alert(Cursor *c, PoaGbcsActivation *result)
{
	static const char *const field = "alert code";
	Cursor		sequence;
	Cursor		mark;
	uint64_t	code;

	if (!take_element(c, "alert payload", TAG_SEQUENCE, &sequence))
		return false;
	mark = sequence;
	if (!take_integer(&sequence, field, &code))
		return false;
	if (code != ALERT_SUCCEEDED && code != ALERT_FAILED)
		return fail(&mark, field, "is neither 8F66 nor 8F67");
	if (!take_execution_time(&sequence, result) ||
		!take_integer(&sequence, "originator counter in the payload",
					  &result->counter) ||
		!take_outcome(&sequence, result))
		return false;
	if ((code == ALERT_SUCCEEDED) != (result->outcome == POA_GBCS_SUCCEEDED))
		return fail(&mark, field, "contradicts the response code");
	return take_end(&sequence, "alert payload");
}

/*
 * Take the content of an alert of ECS100.  *code is the message code of the
 * command that the device does not support.
 */
static bool
take_unsupported(Cursor *c, PoaGbcsActivation *result, uint64_t *code)
{
	static const char *const payload = "alert payload";
	static const char *const field = "alert code";
	static const char *const command = "command in the payload";
	static const char *const wrong = "is not as in an alert of use case ECS100";
	Cursor		part;
	Cursor		mark;
	const uint8_t *octets;
	uint64_t	alert_code;

	if (!take_constant(c, payload, DLMS_DATA_NOTIFICATION, wrong) ||
		!take(c, payload, DLMS_INVOKE_ID_OCTETS, &octets) ||
		!take_part(c, payload, &part) ||
		!take_constant(c, payload, DLMS_STRUCTURE, wrong) ||
		!take_constant(c, payload, 3, wrong) ||
		!take_constant(c, field, DLMS_LONG_UNSIGNED, wrong))
		return false;
	mark = *c;
	if (!take_unsigned(c, field, 2, &alert_code))
		return false;
	if (alert_code != ALERT_UNSUPPORTED)
		return fail(&mark, field, "is not 8F85");
	if (!take_constant(c, payload, DLMS_OCTET_STRING, wrong) ||
		!take_constant(c, payload, DLMS_DATE_TIME_OCTETS, wrong) ||
		!take(c, payload, DLMS_DATE_TIME_OCTETS, &octets) ||
		!take_constant(c, command, DLMS_OCTET_STRING, wrong) ||
		!take_constant(c, command, 2 + sizeof(result->counter), wrong))
		return false;
	return take_unsigned(c, command, 2, code) &&
		take_unsigned(c, command, sizeof(result->counter), &result->counter);
}

/*
 * Take what may follow the content: signature and MAC, of which each may have
 * been taken off, or not been put on yet.
 */
static bool
take_signature(Cursor *c, bool has_mac)
{
	Cursor		mark = *c;
	Cursor		signature;

	if (octets_left(c) == 0 || (has_mac && octets_left(c) == MAC_OCTETS))
		return true;
	if (!take_part(c, "signature", &signature))
		return false;
	if (octets_left(&signature) != 0 &&
		octets_left(&signature) != SIGNATURE_OCTETS)
		return fail(&mark, "signature", "has neither 64 octets nor none");
	return (has_mac && octets_left(c) == MAC_OCTETS) || take_end(c, "signature");
}

/*
 * Take the content of a CS06 message.
 */
static bool
take_activation(Cursor *c, PoaGbcsActivation *result)
{
	switch (result->kind)
	{
		case POA_GBCS_COMMAND:
			return take_command(c, result);
		case POA_GBCS_RESPONSE:
			return take_response(c, result);
		default:
			return take_alert(c, result);
	}
}

/*
 * Read the message in len octets at buf.
 *
 * POA_GBCS_OK: an Activate Firmware command, its response, or its future-dated
 * alert, which *result describes.  POA_GBCS_UNSUPPORTED: an alert by which the
 * device, *result's originator, does not support such a command, whose originator
 * is *result's recipient.  POA_GBCS_NOT_CS06: the header is sound and of another
 * use case, or the command that is not supported is; nothing behind the header of
 * another use case has been looked at.  POA_GBCS_INVALID: *err says which field
 * is wrong and how.  But for the first two, *result is all zeros: a damaged
 * message is never half-read.
 */
PoaGbcsStatus
poa_gbcs_activation_parse(const uint8_t *buf, size_t len,
						  PoaGbcsActivation *result, PoaGbcsError *err)
{
	static const char *const tag_field = "message tag";
	static const PoaGbcsActivation nothing;
	static const PoaGbcsError no_error;
	Cursor		c = {buf, buf + len, buf, err};
	Cursor		mark = c;
	Cursor		content;
	Header		header;
	PoaGbcsActivation activation = nothing;
	uint64_t	tag;
	uint64_t	command = 0;
	bool		has_mac = false;
	bool		in_blocks = false;
	bool		unsupported;

	*result = nothing;
	*err = no_error;

	if (!take_unsigned(&c, tag_field, 1, &tag))
		return POA_GBCS_INVALID;
	if (tag == TAG_GENERAL_CIPHERING && octets_left(&c) > 0 && c.ptr[0] == 0)
	{
		has_mac = true;
		if (!take_mac_header(&c))
			return POA_GBCS_INVALID;
		mark = c;
		if (!take_constant(&c, tag_field, TAG_GENERAL_SIGNING,
						   "is not DF behind the MAC header"))
			return POA_GBCS_INVALID;
	}
	else if (tag == TAG_GENERAL_CIPHERING)
		in_blocks = true;
	else if (tag != TAG_GENERAL_SIGNING)
	{
		(void) fail(&mark, tag_field, "is neither DD nor DF");
		return POA_GBCS_INVALID;
	}

	if (!take_header(&c, &header))
		return POA_GBCS_INVALID;
	unsupported = header.code == CODE_UNSUPPORTED_ALERT &&
		header.kind == POA_GBCS_ALERT;
	if (header.code != CODE_ACTIVATE_FIRMWARE &&
		header.code != CODE_ACTIVATION_ALERT && !unsupported)
		return POA_GBCS_NOT_CS06;
	if (in_blocks)
	{
		(void) fail(&mark, tag_field,
					"is that of a block transfer, which this use case does not need");
		return POA_GBCS_INVALID;
	}
	if (!unsupported &&
		(header.code == CODE_ACTIVATION_ALERT) != (header.kind == POA_GBCS_ALERT))
	{
		mark.ptr = header.code_at;
		(void) fail(&mark, "message code",
					"contradicts the command, response or alert flag");
		return POA_GBCS_INVALID;
	}

	activation.kind = (PoaGbcsKind) header.kind;
	activation.counter = header.counter;
	activation.originator = header.originator;
	activation.recipient = unsupported ? header.party : header.recipient;
	if (!take_part(&c, "content", &content) ||
		!(unsupported ? take_unsupported(&content, &activation, &command)
		  : take_activation(&content, &activation)) ||
		!take_end(&content, "content") ||
		!take_signature(&c, has_mac))
		return POA_GBCS_INVALID;
	if (unsupported && command != CODE_ACTIVATE_FIRMWARE)
		return POA_GBCS_NOT_CS06;

	*result = activation;
	return unsupported ? POA_GBCS_UNSUPPORTED : POA_GBCS_OK;
}
