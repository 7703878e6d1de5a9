#!/usr/bin/python3
#
# Writes a workbook for the tests and measurements of poa-load-list, the way
# Excel does.  As a program: workbook.py FILE, with JSON on standard input:
#
#   {"sheets": {NAME: [[CELL, ...], ...]},     rows, from row 1
#    "inline": true,                           no shared strings
#    "state": {NAME: "hidden" or "veryHidden"},
#    "prefix": "x:",                           a prefix for the names of the sheet's XML
#    "parts": {PART: TEXT or [[TEXT, TIMES], ...] or null}}    overrides, adds or removes parts
#
# A CELL is a string, null for none, or {TYPE: VALUE}: n a number, d a date,
# b a truth value, e an error, f a formula without a result, str the text that
# a formula has given, inline [TEXT, VALUE] an inline string with a value beside
# it.  A row {"at": NUMBER} moves on to that row, {"hidden": [CELL, ...]} is hidden.

import json
import sys
import zipfile

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
PACKAGE = 'http://schemas.openxmlformats.org/package/2006'


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;')


def relationships(*relations):
    return XML + f'<Relationships xmlns="{PACKAGE}/relationships">' + ''.join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(relations, 1)) + '</Relationships>'


def sheet_xml(rows, strings, prefix):
    x = prefix
    namespace = f'xmlns:{x[:-1]}' if x else 'xmlns'
    yield XML + (f'<{x}worksheet {namespace}="{MAIN}"><{x}dimension ref="A1:B2"/>'
                 f'<{x}sheetFormatPr defaultRowHeight="15"/><{x}sheetData>')
    number = 0
    for row in rows:
        if isinstance(row, dict) and 'at' in row:
            number = row['at'] - 1
            continue
        number += 1
        hidden = ''
        if isinstance(row, dict):
            row, hidden = row['hidden'], ' hidden="1"'
        cells = []
        for place, cell in enumerate(row):
            reference = f'{chr(65 + place)}{number}'
            if isinstance(cell, dict):
                (kind, value), = cell.items()
                if kind == 'n':
                    cells.append(f'<{x}c r="{reference}"><{x}v>{value}</{x}v></{x}c>')
                elif kind == 'd':
                    cells.append(f'<{x}c r="{reference}" s="1"><{x}v>{value}</{x}v></{x}c>')
                elif kind == 'f':
                    cells.append(f'<{x}c r="{reference}"><{x}f>{value}</{x}f></{x}c>')
                elif kind == 'inline':
                    text, value = value
                    text = '' if text is None else f'<{x}is><{x}t>{escape(text)}</{x}t></{x}is>'
                    cells.append(f'<{x}c r="{reference}" t="inlineStr"><{x}v>{escape(value)}</{x}v>{text}</{x}c>')
                else:
                    cells.append(f'<{x}c r="{reference}" t="{kind}"><{x}v>{escape(value)}</{x}v></{x}c>')
            elif cell is not None and strings is None:
                cells.append(f'<{x}c r="{reference}" t="inlineStr"><{x}is><{x}t>{escape(cell)}</{x}t></{x}is></{x}c>')
            elif cell is not None:
                index = strings.setdefault(cell, len(strings))
                cells.append(f'<{x}c r="{reference}" t="s"><{x}v>{index}</{x}v></{x}c>')
        yield f'<{x}row r="{number}" spans="1:{max(1, len(row))}"{hidden}>{"".join(cells)}</{x}row>'
    yield f'</{x}sheetData><{x}pageMargins left="0.7" right="0.7"/></{x}worksheet>'


def write(path, sheets, inline=False, state={}, prefix='', parts={}):
    """sheets: {name: rows}, which may be generators."""
    strings = None if inline else {}
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        def put(name, pieces):
            if name in parts:
                if parts[name] is None:
                    return
                pieces = [parts[name]] if isinstance(parts[name], str) else (
                    text for text, times in parts[name] for _ in range(times))
            with archive.open(name, 'w', force_zip64=True) as part:
                buffer = []
                for piece in pieces:
                    buffer.append(piece)
                    if len(buffer) == 10000:
                        part.write(''.join(buffer).encode())
                        buffer.clear()
                part.write(''.join(buffer).encode())

        put('[Content_Types].xml', [XML + f'<Types xmlns="{PACKAGE}/content-types">'
                                    '<Default Extension="xml" ContentType="application/xml"/></Types>'])
        put('_rels/.rels', [relationships(('officeDocument', 'xl/workbook.xml'))])
        put('xl/workbook.xml', [XML + f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>' + ''.join(
            f'<sheet name="{escape(name)}" sheetId="{number}"' + (f' state="{state[name]}"' if name in state else '') +
            f' r:id="rId{number}"/>'
            for number, name in enumerate(sheets, 1)) + '</sheets></workbook>'])
        put('xl/_rels/workbook.xml.rels', [relationships(
            *(('worksheet', f'worksheets/sheet{number}.xml') for number in range(1, len(sheets) + 1)),
            ('sharedStrings', 'sharedStrings.xml'), ('styles', '/xl/styles.xml'))])
        for number, rows in enumerate(sheets.values(), 1):
            put(f'xl/worksheets/sheet{number}.xml', sheet_xml(rows, strings, prefix))
        put('xl/styles.xml', [XML + f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" '
                              'formatCode="yyyy\\-mm\\-dd"/></numFmts><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>'
                              '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>'])
        if not inline or 'xl/sharedStrings.xml' in parts:
            put('xl/sharedStrings.xml', (piece for pieces in (
                [XML + f'<sst xmlns="{MAIN}">'],
                (f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings or ()),
                ['</sst>']) for piece in pieces))
        for name in parts.keys() - set(archive.namelist()):
            put(name, [])


if __name__ == '__main__':
    write(sys.argv[1], **json.load(sys.stdin))
