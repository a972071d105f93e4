-- SPDX-License-Identifier: ISC
-- Where a static block begins, as hex like the link subnets: a link is not made where a block of another peer is, and finds
-- those in its range. Blocks of before are read from their texts, which are networks in canonical form. Whose link a subnet
-- is: a static block may hold those between gateways.

ALTER TABLE link_subnet ADD COLUMN customer INTEGER;
UPDATE link_subnet SET customer = EXISTS (SELECT 1 FROM vif_peer WHERE vif_peer.id = link_subnet.id);

ALTER TABLE remote_subnet ADD COLUMN family BIGINT;
ALTER TABLE remote_subnet ADD COLUMN first TEXT;

UPDATE remote_subnet SET family = CASE WHEN instr(prefix, ':') > 0 THEN 6 ELSE 4 END;

WITH RECURSIVE
	address (id, text) AS (
		SELECT id, substr(prefix, 1, instr(prefix, '/') - 1) FROM remote_subnet WHERE family = 4),
	byte (id, rest, first) AS (
		SELECT id, text || '.', '' FROM address
		UNION ALL
		SELECT id, substr(rest, instr(rest, '.') + 1), first || printf('%02x', substr(rest, 1, instr(rest, '.') - 1))
			FROM byte WHERE rest <> '')
UPDATE remote_subnet SET first = (SELECT byte.first FROM byte WHERE byte.id = remote_subnet.id AND byte.rest = '')
	WHERE family = 4;

WITH RECURSIVE
	address (id, text) AS (
		SELECT id, substr(prefix, 1, instr(prefix, '/') - 1) FROM remote_subnet WHERE family = 6),
	half (id, text, head, tail) AS ( -- what is before and behind ::, with a colon at each word
		SELECT id, text, CASE WHEN instr(text, '::') > 1 THEN substr(text, 1, instr(text, '::')) ELSE '' END,
			CASE WHEN substr(text, -2) = '::' THEN '' ELSE substr(text, instr(text, '::') + 2) || ':' END
			FROM address WHERE instr(text, '::') > 0),
	whole (id, text) AS (
		SELECT id, text || ':' FROM address WHERE instr(text, '::') = 0
		UNION ALL
		SELECT id, head || substr('0:0:0:0:0:0:0:0:', 1, 16 - 2 * (length(head) - length(replace(head, ':', ''))
			+ length(tail) - length(replace(tail, ':', '')))) || tail FROM half),
	word (id, rest, first) AS (
		SELECT id, text, '' FROM whole
		UNION ALL
		SELECT id, substr(rest, instr(rest, ':') + 1),
			first || substr('0000' || substr(rest, 1, instr(rest, ':') - 1), -4) FROM word WHERE rest <> '')
UPDATE remote_subnet SET first = (SELECT word.first FROM word WHERE word.id = remote_subnet.id AND word.rest = '')
	WHERE family = 6;

CREATE INDEX remote_subnet_first ON remote_subnet (gateway_id, family, first);
