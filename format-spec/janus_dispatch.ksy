meta:
  id: janus_dispatch
  title: Janus Cache dispatch tables and images
  file-extension:
    - jdt
    - jdi
  license: MIT OR Apache-2.0
  ks-version: 0.11
  encoding: UTF-8
  endian: le
  bit-endian: le
doc: |
  Version 1 of the format that `SPEC.md` beside this file specifies: dispatch tables (`.jdt`) and images
  of many tables (`.jdi`). This file says where everything lies; what it means, what a reader checks, and
  how a call is answered stands in the text, to whose chapters the entries below refer.

  In a file of another codec than 0, `stream` is what is to be decoded, and the sections are those of the
  decoded file: chapters 4 and 11.

  Sections and pieces are read when they are asked for. Before that a reader checks, as chapter 9 says,
  checksums, directory and lengths: a description in this language cannot.
doc-ref: SPEC.md
seq:
  - id: magic
    type: u4
    enum: kinds
    valid:
      in-enum: true
  - id: content
    type:
      switch-on: magic
      cases:
        'kinds::table': table
        'kinds::image': image
types:

  # Chapter 5: tables.

  table:
    seq:
      - id: version_major
        type: u2
        valid: 1
      - id: version_minor
        type: u2
      - id: table_hash
        type: u8
        doc: XXH3-64 of what the table says, chapter 8
      - id: creation_timestamp
        type: u8
        doc: Seconds since 1970-01-01 UTC, or 0
      - id: name_len
        type: u4
      - id: type_signature_len
        type: u4
      - id: entry_count
        type: u4
        valid:
          max: 16777216
      - id: optimization
        type: u1
        enum: optimizations
      - id: arity
        type: u1
      - id: rule
        type: u1
        enum: rules
      - id: codec
        type: u1
        enum: codecs
      - id: type_count
        type: u4
      - id: param_count
        type: u4
        valid:
          max: 65534
      - id: compression_ratio_ppm
        type: u4
      - id: section_count
        type: u4
      - id: memory_saved
        type: u8
      - id: total_len
        type: u8
      - id: flags
        type: u4
      - id: data_len
        type: u4
      - id: data_crc
        type: u4
        doc: CRC-32 of everything behind the directory
      - id: metadata_crc
        type: u4
        doc: CRC-32 of the header without this field, and of the directory
      - id: sections
        type: table_section
        repeat: expr
        repeat-expr: section_count
    instances:
      may_be_ambiguous:
        value: (flags & 1) == 1
      stream:
        doc: What is behind the directory of a file of another codec than 0
        pos: 88 + 16 * section_count
        size: data_len
        if: codec != codecs::none

  table_section:
    doc: A row of the section directory, chapter 3
    seq:
      - id: tag
        type: str
        size: 4
        encoding: ISO-8859-1
      - id: flags
        type: u4
      - id: offset
        type: u4
      - id: len
        type: u4
    instances:
      is_required:
        value: (flags & 1) == 1
      body:
        doc: Bytes, where the tag is not one of version 1
        io: _root._io
        pos: offset
        size: len
        if: _parent.codec == codecs::none
        type:
          switch-on: tag
          cases:
            '"NAME"': text
            '"SIGN"': signature
            '"STRS"': string_pool
            '"TYPE"': type_rows(_parent.type_count)
            '"PARM"': parameters(_parent.param_count)
            '"ABOV"': relation(_parent.type_count, _parent.param_count)
            '"PATT"': patterns(_parent.entry_count, _parent.arity)
            '"ENTR"': entries(_parent.entry_count)
            '"RULE"': ruling(_parent.rule, _parent.arity, _parent.param_count, _parent.type_count)
            '"CLAS"': classes(_parent.arity, _parent.type_count)
            '"DDAG"': decision_dag
            '"MTRX"': matrix
            '"PHSH"': perfect_hash
            '"LEFT"': left_out(_parent.arity)

  text:
    seq:
      - id: value
        type: str
        size-eos: true

  signature:
    doc: For each position the names of its parameter types, with tabs between them
    seq:
      - id: positions
        type: str
        terminator: 0x0a
        repeat: eos

  string_pool:
    doc: Chapter 2
    seq:
      - id: count
        type: u4
      - id: offsets
        type: u4
        repeat: expr
        repeat-expr: count + 1
        doc: From the first byte of the text, which follows
      - id: strings
        type: pooled_string(_index)
        repeat: expr
        repeat-expr: count

  pooled_string:
    params:
      - id: index
        type: u4
    seq:
      - id: value
        type: str
        size: _parent.offsets[index + 1] - _parent.offsets[index]

  type_rows:
    params:
      - id: type_count
        type: u4
    seq:
      - id: rows
        type: type_row
        repeat: expr
        repeat-expr: type_count

  type_row:
    seq:
      - id: name
        type: u4
        doc: String id
      - id: flags
        type: u4
    instances:
      is_sealed:
        value: (flags & 1) == 1

  parameters:
    params:
      - id: param_count
        type: u4
    seq:
      - id: types
        type: u4
        repeat: expr
        repeat-expr: param_count
        doc: Local type id of each parameter

  relation:
    doc: Which parameters something is under; whole bytes for each row
    params:
      - id: row_count
        type: u4
      - id: param_count
        type: u4
    seq:
      - id: rows
        type: relation_row(param_count)
        size: (param_count + 7) / 8
        repeat: expr
        repeat-expr: row_count

  relation_row:
    params:
      - id: param_count
        type: u4
    seq:
      - id: is_under
        type: b1
        repeat: expr
        repeat-expr: param_count

  patterns:
    params:
      - id: entry_count
        type: u4
      - id: arity
        type: u1
    seq:
      - id: rows
        type: pattern(arity)
        repeat: expr
        repeat-expr: entry_count

  pattern:
    params:
      - id: arity
        type: u1
    seq:
      - id: references
        type: u2
        repeat: expr
        repeat-expr: arity
        doc: 0 is the top type, n + 1 is parameter n

  entries:
    params:
      - id: entry_count
        type: u4
    seq:
      - id: rows
        type: entry
        repeat: expr
        repeat-expr: entry_count

  entry:
    seq:
      - id: implementation
        type: u4
        doc: String id
      - id: module
        type: u4
        doc: String id
      - id: specificity
        type: u4
      - id: call_frequency
        type: u4
      - id: flags
        type: u4
    instances:
      is_default:
        value: (flags & 1) == 1

  # Section `RULE`.

  ruling:
    params:
      - id: rule
        type: u1
        enum: rules
      - id: arity
        type: u1
      - id: param_count
        type: u4
      - id: type_count
        type: u4
    seq:
      - id: parameters
        size-eos: true
        type:
          switch-on: rule
          cases:
            'rules::precedence': precedence(arity, param_count, type_count)
            'rules::levels': relation(param_count, param_count)
            'rules::custom': text

  precedence:
    params:
      - id: arity
        type: u1
      - id: param_count
        type: u4
      - id: type_count
        type: u4
    seq:
      - id: form
        type: u4
        enum: precedence_forms
        valid:
          in-enum: true
      - id: order
        type: u1
        repeat: expr
        repeat-expr: arity
        doc: The positions in the order in which they are compared
      - id: padding
        size: (4 - arity % 4) % 4
      - id: ranks
        type: u2
        repeat: expr
        repeat-expr: param_count
        if: form == precedence_forms::one_order
        doc: Rank of each parameter
      - id: offsets
        type: u4
        repeat: expr
        repeat-expr: type_count + 1
        if: form == precedence_forms::lists
        doc: In elements
      - id: lists
        type: precedence_list(_index)
        repeat: expr
        repeat-expr: type_count
        if: form == precedence_forms::lists

  precedence_list:
    params:
      - id: local_type
        type: u4
    seq:
      - id: parameters
        type: u2
        repeat: expr
        repeat-expr: _parent.offsets[local_type + 1] - _parent.offsets[local_type]

  # Section `LEFT`, since minor version 1.

  left_out:
    params:
      - id: arity
        type: u1
    seq:
      - id: methods
        type: left_out_method(arity)
        repeat: eos

  left_out_method:
    params:
      - id: arity
        type: u1
    seq:
      - id: references
        type: u2
        repeat: expr
        repeat-expr: arity
      - id: flags
        type: u4
      - id: implementation
        type: symbol
      - id: module
        type: symbol
    instances:
      is_default:
        value: (flags & 1) == 1

  symbol:
    seq:
      - id: len
        type: u4
      - id: value
        type: str
        size: len

  # Section `CLAS`.

  classes:
    params:
      - id: arity
        type: u1
      - id: type_count
        type: u4
    seq:
      - id: positions
        type: class_row(_index, type_count)
        repeat: expr
        repeat-expr: arity
    instances:
      tuple_count:
        doc: Number of tuples of classes
        value: 'arity == 0 ? 1 : positions[arity - 1].tuples_up_to_here'

  class_row:
    params:
      - id: position
        type: u1
      - id: type_count
        type: u4
    seq:
      - id: offset
        type: u4
        doc: From the section's first byte
      - id: class_count
        type: u2
      - id: width
        type: u2
        enum: class_widths
        valid:
          in-enum: true
    instances:
      tuples_up_to_here:
        value: '(position == 0 ? 1 : _parent.positions[position - 1].tuples_up_to_here.as<u8>) * class_count'
      array:
        io: _parent._io
        pos: offset
        type:
          switch-on: width
          cases:
            'class_widths::one_byte': classes_of_one_byte(type_count)
            'class_widths::two_bytes': classes_of_two_bytes(type_count)
            'class_widths::runs': class_runs

  classes_of_one_byte:
    params:
      - id: type_count
        type: u4
    seq:
      - id: of_types
        type: u1
        repeat: expr
        repeat-expr: type_count

  classes_of_two_bytes:
    params:
      - id: type_count
        type: u4
    seq:
      - id: of_types
        type: u2
        repeat: expr
        repeat-expr: type_count

  class_runs:
    seq:
      - id: run_count
        type: u4
      - id: begins
        type: u4
        repeat: expr
        repeat-expr: run_count
        doc: Local type with which each run begins
      - id: classes
        type: u2
        repeat: expr
        repeat-expr: run_count

  # Sections `DDAG`, `MTRX` and `PHSH`.

  decision_dag:
    seq:
      - id: words
        type: u4
        repeat: eos
    instances:
      root:
        doc: Word 0
        pos: 0
        type: dag_child

  dag_child:
    doc: An outcome, or the index of the word with which a node begins
    seq:
      - id: value
        type: u4
    instances:
      is_leaf:
        value: value >= 0x80000000
      is_no_method:
        value: value == 0x80000000
      is_ambiguous:
        value: value == 0x80000001
      entry:
        value: value - 0x80000002
        if: value >= 0x80000002
      node:
        doc: A reader first checks that it begins behind the node that refers to it
        pos: value * 4
        type: dag_node
        if: value < 0x80000000

  dag_node:
    seq:
      - id: position
        type: u1
      - id: class_count
        type: b24
      - id: children
        type: dag_child
        repeat: expr
        repeat-expr: class_count
        doc: By class

  matrix:
    seq:
      - id: cell_bits
        type: u4
        valid:
          min: 1
          max: 32
      - id: cells
        size: _io.size - 11
        doc: Cell t is bits t × cell_bits and following
      - id: tail
        size: 7

  perfect_hash:
    seq:
      - id: bucket_count
        type: u4
        valid:
          min: 1
      - id: slot_count
        type: u4
        valid:
          min: 1
      - id: displacements
        type: u2
        repeat: expr
        repeat-expr: bucket_count
      - id: padding
        size: bucket_count % 2 * 2
      - id: slots
        type: hash_slot
        repeat: expr
        repeat-expr: slot_count

  hash_slot:
    seq:
      - id: tuple
        type: u4
      - id: outcome
        type: u4
    instances:
      is_empty:
        value: tuple == 0xffffffff

  # Chapter 6: images.

  image:
    seq:
      - id: version_major
        type: u2
        valid: 1
      - id: version_minor
        type: u2
      - id: creation_timestamp
        type: u8
      - id: name
        type: u4
        doc: String id
      - id: family_count
        type: u4
      - id: type_count
        type: u4
      - id: place_count
        type: u4
      - id: section_count
        type: u4
      - id: flags
        type: u4
      - id: piece_count
        type: u4
      - id: codec
        type: u1
        enum: codecs
      - id: reserved
        size: 3
      - id: total_len
        type: u8
      - id: data_crc
        type: u4
      - id: metadata_crc
        type: u4
      - id: sections
        type: image_section(_index)
        repeat: expr
        repeat-expr: section_count
    instances:
      stream:
        doc: What is behind the directory of a file of another codec than 0
        pos: 64 + 16 * section_count
        size-eos: true
        if: codec != codecs::none
      pieces_at:
        doc: Offset of section `PIEC`
        value: sections[section_count - 1].pieces_at
      blob_at:
        doc: Offset of section `BLOB`
        value: sections[section_count - 1].blob_at
      places_at:
        doc: Offset of section `PLAC`
        value: sections[section_count - 1].places_at

  image_section:
    params:
      - id: index
        type: u4
    seq:
      - id: tag
        type: str
        size: 4
        encoding: ISO-8859-1
      - id: flags
        type: u4
      - id: offset
        type: u4
      - id: len
        type: u4
    instances:
      is_required:
        value: (flags & 1) == 1
      pieces_at:
        doc: Offset of section `PIEC`, if it is this one or one before it
        value: 'tag == "PIEC" ? offset : (index == 0 ? 0 : _parent.sections[index - 1].pieces_at.as<u4>)'
      blob_at:
        value: 'tag == "BLOB" ? offset : (index == 0 ? 0 : _parent.sections[index - 1].blob_at.as<u4>)'
      places_at:
        value: 'tag == "PLAC" ? offset : (index == 0 ? 0 : _parent.sections[index - 1].places_at.as<u4>)'
      body:
        doc: Bytes, of section `BLOB` and where the tag is not one of version 1
        io: _root._io
        pos: offset
        size: len
        if: _parent.codec == codecs::none
        type:
          switch-on: tag
          cases:
            '"STRS"': string_pool
            '"TYPE"': type_rows(_parent.type_count)
            '"FAMI"': families(_parent)
            '"PIEC"': further_pieces(_parent.piece_count)
            '"PLAC"': places(_parent.place_count)

  families:
    params:
      - id: of_image
        type: image
    seq:
      - id: rows
        type: family(of_image)
        repeat: expr
        repeat-expr: of_image.family_count

  family:
    params:
      - id: of_image
        type: image
    seq:
      - id: name
        type: u4
        doc: String id
      - id: arity
        type: u1
      - id: rule
        type: u1
        enum: rules
      - id: optimization
        type: u1
        enum: optimizations
      - id: reserved
        type: u1
      - id: table_hash
        type: u8
      - id: flags
        type: u4
      - id: entry_count
        type: u4
      - id: type_count
        type: u4
      - id: param_count
        type: u4
      - id: ofs_type_map
        type: u4
        doc: This and the next four count from the first byte of section `BLOB`
      - id: ofs_params
        type: u4
      - id: ofs_above
        type: u4
      - id: ofs_patterns
        type: u4
      - id: ofs_entries
        type: u4
      - id: first_piece
        type: u4
      - id: piece_count
        type: u4
      - id: first_place
        type: u4
    instances:
      may_be_ambiguous:
        value: (flags & 1) == 1
      type_map:
        doc: Global type id of each local type
        io: _root._io
        pos: of_image.blob_at + ofs_type_map
        type: u4
        repeat: expr
        repeat-expr: type_count
      params:
        io: _root._io
        pos: of_image.blob_at + ofs_params
        type: parameters(param_count)
      above:
        io: _root._io
        pos: of_image.blob_at + ofs_above
        type: relation(type_count, param_count)
      patterns:
        io: _root._io
        pos: of_image.blob_at + ofs_patterns
        type: patterns(entry_count, arity)
      entries:
        io: _root._io
        pos: of_image.blob_at + ofs_entries
        type: entries(entry_count)
      pieces:
        doc: The further pieces
        io: _root._io
        pos: of_image.pieces_at + first_piece * 12
        type: family_piece(of_image, rule, arity, param_count, type_count)
        repeat: expr
        repeat-expr: piece_count
      places:
        doc: Where each entry stands
        io: _root._io
        pos: of_image.places_at + first_place * 12
        type: place
        repeat: expr
        repeat-expr: entry_count

  family_piece:
    doc: A row of section `PIEC`, as its family sees it
    params:
      - id: of_image
        type: image
      - id: rule
        type: u1
        enum: rules
      - id: arity
        type: u1
      - id: param_count
        type: u4
      - id: type_count
        type: u4
    seq:
      - id: row
        type: further_piece
    instances:
      body:
        io: _root._io
        pos: of_image.blob_at + row.offset
        size: row.len
        type:
          switch-on: row.tag
          cases:
            '"RULE"': ruling(rule, arity, param_count, type_count)
            '"CLAS"': classes(arity, type_count)
            '"DDAG"': decision_dag
            '"MTRX"': matrix
            '"PHSH"': perfect_hash
            '"LEFT"': left_out(arity)

  further_pieces:
    params:
      - id: piece_count
        type: u4
    seq:
      - id: rows
        type: further_piece
        repeat: expr
        repeat-expr: piece_count

  further_piece:
    seq:
      - id: tag
        type: str
        size: 4
        encoding: ISO-8859-1
      - id: offset
        type: u4
        doc: From the first byte of section `BLOB`
      - id: len
        type: u4

  places:
    params:
      - id: place_count
        type: u4
    seq:
      - id: rows
        type: place
        repeat: expr
        repeat-expr: place_count

  place:
    seq:
      - id: file
        type: u4
        doc: String id
      - id: line
        type: u4
        doc: From 1; 0 where the place is not known
      - id: column
        type: u4

enums:
  kinds:
    0x0a54444a: table
    0x0a49444a: image
  rules:
    1: symmetric
    2: precedence
    3: levels
    255: custom
  optimizations:
    1: single
    2: linear
    3: dag
    4: matrix
    5: hash
  codecs:
    0: none
    1: lz4
    2: zstd
    3: columnar
  precedence_forms:
    0: one_order
    1: lists
  class_widths:
    1: one_byte
    2: two_bytes
    16: runs
