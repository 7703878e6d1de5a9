/*
 * The binary messages of GBCS about firmware activations.
 */

CREATE FUNCTION poa.gbcs_activation(payload bytea)
RETURNS TABLE (kind text, originator @extschema@.guid, recipient @extschema@.guid,
	counter numeric, activates_at timestamptz, cancels boolean, outcome text,
	firmware_version text)
AS 'MODULE_PATHNAME', 'poa_gbcs_activation'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION poa.gbcs_activation(bytea) IS
	'reads a message of the GBCS use case CS06, Activate Firmware.'
	' One row, none for a message of any other use case or a NULL payload. kind is command, response or alert'
	' (the future-dated one, 00CA). originator and recipient are who sent it to whom; a response and an alert go from'
	' the meter to the supplier. counter is the originator counter of the command, 0 to 2^64-1, also in a response and an'
	' alert. activates_at is the UTC instant of a future-dated command, or of the execution that an alert reports; NULL for'
	' an immediate command and for a response. cancels is true for a command whose instant is 9999-12-31 23:59:59 UTC, which'
	' takes the pending activation back; activates_at is then that instant. outcome is accepted, succeeded, no_image_held,'
	' hash_mismatch or activation_failure; NULL for a command. firmware_version is eight hex digits, what runs after the'
	' attempt; NULL where there was none yet. The MAC header, the signature and the MAC may be missing and are not verified.'
	' A damaged message raises 22023, which names the field (GBCS CS06 and its ASN.1 module ActivateFirmware)';
SELECT poa_internal.permit('FUNCTION poa.gbcs_activation(bytea)', '{operator}');

CREATE TYPE poa_internal.gbcs_message AS (
	kind text,
	originator @extschema@.guid,
	recipient @extschema@.guid,
	counter numeric,
	activates_at timestamptz,
	cancels boolean,
	outcome text,
	firmware_version text,
	firmware_hash bytea
);
COMMENT ON TYPE poa_internal.gbcs_message IS
	'a row of poa.gbcs_activation, with the hash of the image that a command is for';

CREATE FUNCTION poa_internal.gbcs_message(payload bytea) RETURNS poa_internal.gbcs_message
	AS 'MODULE_PATHNAME', 'poa_gbcs_message' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION poa_internal.gbcs_message(bytea) IS
	'what poa.gbcs_activation reads, as one value.'
	' NULL for a message of another use case. Also read is alert 8F85, by which a device does not support a CS06 command: its'
	' outcome is unsupported, and recipient and counter are the originator and counter of the command. Raises 22023 for a damaged'
	' message, naming the field (GBCS CS06 and ECS100)';
SELECT poa_internal.permit('FUNCTION poa_internal.gbcs_message(bytea)', '{operator}');
