/* Nanoseconds that this session has taken of a processor (Linux). */
CREATE FUNCTION cpu_ns() RETURNS bigint LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;
