pub use root::*;

const _: () = ::planus::check_version_compatibility("planus-1.3.0");

/// The root namespace
///
/// Generated from these locations:
/// * File `benches/support/plain.fbs`
#[no_implicit_prelude]
#[allow(clippy::needless_lifetimes)]
mod root {
    /// The namespace `plain`
    ///
    /// Generated from these locations:
    /// * File `benches/support/plain.fbs`
    pub mod plain {
        /// The table `Type` in the namespace `plain`
        ///
        /// Generated from these locations:
        /// * Table `Type` in the file `benches/support/plain.fbs:7`
        #[derive(
            Clone, Debug, PartialEq, PartialOrd, Eq, Ord, Hash, ::serde::Serialize, ::serde::Deserialize,
        )]
        pub struct Type {
            /// The field `name` in the table `Type`
            pub name: ::planus::alloc::string::String,
            /// The field `above` in the table `Type`
            pub above: ::planus::alloc::vec::Vec<u16>,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for Type {
            fn default() -> Self {
                Self { name: ::core::default::Default::default(), above: ::core::default::Default::default() }
            }
        }

        impl Type {
            /// Creates a [TypeBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> TypeBuilder<()> {
                TypeBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_name: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_above: impl ::planus::WriteAs<::planus::Offset<[u16]>>,
            ) -> ::planus::Offset<Self> {
                let prepared_name = field_name.prepare(builder);
                let prepared_above = field_above.prepare(builder);

                let mut table_writer: ::planus::table_writer::TableWriter<8> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<str>>(0);
                table_writer.write_entry::<::planus::Offset<[u16]>>(1);

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_name);
                        object_writer.write::<_, _, 4>(&prepared_above);
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<Type>> for Type {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Type> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<Type>> for Type {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Type>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<Type> for Type {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Type> {
                Type::create(builder, &self.name, &self.above)
            }
        }

        /// Builder for serializing an instance of the [Type] type.
        ///
        /// Can be created using the [Type::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct TypeBuilder<State>(State);

        impl TypeBuilder<()> {
            /// Setter for the [`name` field](Type#structfield.name).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn name<T0>(self, value: T0) -> TypeBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<str>>,
            {
                TypeBuilder((value,))
            }
        }

        impl<T0> TypeBuilder<(T0,)> {
            /// Setter for the [`above` field](Type#structfield.above).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn above<T1>(self, value: T1) -> TypeBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[u16]>>,
            {
                let (v0,) = self.0;
                TypeBuilder((v0, value))
            }
        }

        impl<T0, T1> TypeBuilder<(T0, T1)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [Type].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<Type>
            where
                Self: ::planus::WriteAsOffset<Type>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[u16]>>,
            > ::planus::WriteAs<::planus::Offset<Type>> for TypeBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<Type>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Type> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[u16]>>,
            > ::planus::WriteAsOptional<::planus::Offset<Type>> for TypeBuilder<(T0, T1)>
        {
            type Prepared = ::planus::Offset<Type>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Type>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[u16]>>,
            > ::planus::WriteAsOffset<Type> for TypeBuilder<(T0, T1)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Type> {
                let (v0, v1) = &self.0;
                Type::create(builder, v0, v1)
            }
        }

        /// Reference to a deserialized [Type].
        #[derive(Copy, Clone)]
        pub struct TypeRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> TypeRef<'a> {
            /// Getter for the [`name` field](Type#structfield.name).
            #[inline]
            pub fn name(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(0, "Type", "name")
            }

            /// Getter for the [`above` field](Type#structfield.above).
            #[inline]
            pub fn above(&self) -> ::planus::Result<::planus::Vector<'a, u16>> {
                self.0.access_required(1, "Type", "above")
            }
        }

        impl<'a> ::core::fmt::Debug for TypeRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("TypeRef");
                f.field("name", &self.name());
                f.field("above", &self.above());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<TypeRef<'a>> for Type {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: TypeRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    name: ::core::convert::Into::into(value.name()?),
                    above: value.above()?.to_vec()?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for TypeRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(buffer, offset)?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for TypeRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location("[TypeRef]", "get", buffer.offset_from_start)
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<Type>> for Type {
            type Value = ::planus::Offset<Type>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<Type>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for TypeRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset { buffer: slice, offset_from_start: 0 },
                    0,
                )
                .map_err(|error_kind| error_kind.with_error_location("[TypeRef]", "read_as_root", 0))
            }
        }

        /// The table `Entry` in the namespace `plain`
        ///
        /// Generated from these locations:
        /// * Table `Entry` in the file `benches/support/plain.fbs:12`
        #[derive(
            Clone, Debug, PartialEq, PartialOrd, Eq, Ord, Hash, ::serde::Serialize, ::serde::Deserialize,
        )]
        pub struct Entry {
            /// The field `params` in the table `Entry`
            pub params: ::planus::alloc::vec::Vec<u16>,
            /// The field `implementation` in the table `Entry`
            pub implementation: ::planus::alloc::string::String,
            /// The field `module` in the table `Entry`
            pub module: ::planus::alloc::string::String,
            /// The field `default` in the table `Entry`
            pub default: bool,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for Entry {
            fn default() -> Self {
                Self {
                    params: ::core::default::Default::default(),
                    implementation: ::core::default::Default::default(),
                    module: ::core::default::Default::default(),
                    default: false,
                }
            }
        }

        impl Entry {
            /// Creates a [EntryBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> EntryBuilder<()> {
                EntryBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_params: impl ::planus::WriteAs<::planus::Offset<[u16]>>,
                field_implementation: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_module: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_default: impl ::planus::WriteAsDefault<bool, bool>,
            ) -> ::planus::Offset<Self> {
                let prepared_params = field_params.prepare(builder);
                let prepared_implementation = field_implementation.prepare(builder);
                let prepared_module = field_module.prepare(builder);
                let prepared_default = field_default.prepare(builder, &false);

                let mut table_writer: ::planus::table_writer::TableWriter<12> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<[u16]>>(0);
                table_writer.write_entry::<::planus::Offset<str>>(1);
                table_writer.write_entry::<::planus::Offset<str>>(2);
                if prepared_default.is_some() {
                    table_writer.write_entry::<bool>(3);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_params);
                        object_writer.write::<_, _, 4>(&prepared_implementation);
                        object_writer.write::<_, _, 4>(&prepared_module);
                        if let ::core::option::Option::Some(prepared_default) = prepared_default {
                            object_writer.write::<_, _, 1>(&prepared_default);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<Entry>> for Entry {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Entry> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<Entry>> for Entry {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Entry>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<Entry> for Entry {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Entry> {
                Entry::create(builder, &self.params, &self.implementation, &self.module, self.default)
            }
        }

        /// Builder for serializing an instance of the [Entry] type.
        ///
        /// Can be created using the [Entry::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct EntryBuilder<State>(State);

        impl EntryBuilder<()> {
            /// Setter for the [`params` field](Entry#structfield.params).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn params<T0>(self, value: T0) -> EntryBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<[u16]>>,
            {
                EntryBuilder((value,))
            }
        }

        impl<T0> EntryBuilder<(T0,)> {
            /// Setter for the [`implementation` field](Entry#structfield.implementation).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn implementation<T1>(self, value: T1) -> EntryBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0,) = self.0;
                EntryBuilder((v0, value))
            }
        }

        impl<T0, T1> EntryBuilder<(T0, T1)> {
            /// Setter for the [`module` field](Entry#structfield.module).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn module<T2>(self, value: T2) -> EntryBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAs<::planus::Offset<str>>,
            {
                let (v0, v1) = self.0;
                EntryBuilder((v0, v1, value))
            }
        }

        impl<T0, T1, T2> EntryBuilder<(T0, T1, T2)> {
            /// Setter for the [`default` field](Entry#structfield.default).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn default<T3>(self, value: T3) -> EntryBuilder<(T0, T1, T2, T3)>
            where
                T3: ::planus::WriteAsDefault<bool, bool>,
            {
                let (v0, v1, v2) = self.0;
                EntryBuilder((v0, v1, v2, value))
            }

            /// Sets the [`default` field](Entry#structfield.default) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn default_as_default(self) -> EntryBuilder<(T0, T1, T2, ::planus::DefaultValue)> {
                self.default(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2, T3> EntryBuilder<(T0, T1, T2, T3)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [Entry].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<Entry>
            where
                Self: ::planus::WriteAsOffset<Entry>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u16]>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
                T3: ::planus::WriteAsDefault<bool, bool>,
            > ::planus::WriteAs<::planus::Offset<Entry>> for EntryBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<Entry>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Entry> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u16]>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
                T3: ::planus::WriteAsDefault<bool, bool>,
            > ::planus::WriteAsOptional<::planus::Offset<Entry>> for EntryBuilder<(T0, T1, T2, T3)>
        {
            type Prepared = ::planus::Offset<Entry>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Entry>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<[u16]>>,
                T1: ::planus::WriteAs<::planus::Offset<str>>,
                T2: ::planus::WriteAs<::planus::Offset<str>>,
                T3: ::planus::WriteAsDefault<bool, bool>,
            > ::planus::WriteAsOffset<Entry> for EntryBuilder<(T0, T1, T2, T3)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Entry> {
                let (v0, v1, v2, v3) = &self.0;
                Entry::create(builder, v0, v1, v2, v3)
            }
        }

        /// Reference to a deserialized [Entry].
        #[derive(Copy, Clone)]
        pub struct EntryRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> EntryRef<'a> {
            /// Getter for the [`params` field](Entry#structfield.params).
            #[inline]
            pub fn params(&self) -> ::planus::Result<::planus::Vector<'a, u16>> {
                self.0.access_required(0, "Entry", "params")
            }

            /// Getter for the [`implementation` field](Entry#structfield.implementation).
            #[inline]
            pub fn implementation(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(1, "Entry", "implementation")
            }

            /// Getter for the [`module` field](Entry#structfield.module).
            #[inline]
            pub fn module(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(2, "Entry", "module")
            }

            /// Getter for the [`default` field](Entry#structfield.default).
            #[inline]
            pub fn default(&self) -> ::planus::Result<bool> {
                ::core::result::Result::Ok(self.0.access(3, "Entry", "default")?.unwrap_or(false))
            }
        }

        impl<'a> ::core::fmt::Debug for EntryRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("EntryRef");
                f.field("params", &self.params());
                f.field("implementation", &self.implementation());
                f.field("module", &self.module());
                f.field("default", &self.default());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<EntryRef<'a>> for Entry {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: EntryRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    params: value.params()?.to_vec()?,
                    implementation: ::core::convert::Into::into(value.implementation()?),
                    module: ::core::convert::Into::into(value.module()?),
                    default: ::core::convert::TryInto::try_into(value.default()?)?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for EntryRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(buffer, offset)?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for EntryRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location("[EntryRef]", "get", buffer.offset_from_start)
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<Entry>> for Entry {
            type Value = ::planus::Offset<Entry>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<Entry>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for EntryRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset { buffer: slice, offset_from_start: 0 },
                    0,
                )
                .map_err(|error_kind| error_kind.with_error_location("[EntryRef]", "read_as_root", 0))
            }
        }

        /// The table `Plain` in the namespace `plain`
        ///
        /// Generated from these locations:
        /// * Table `Plain` in the file `benches/support/plain.fbs:19`
        #[derive(
            Clone, Debug, PartialEq, PartialOrd, Eq, Ord, Hash, ::serde::Serialize, ::serde::Deserialize,
        )]
        pub struct Plain {
            /// The field `name` in the table `Plain`
            pub name: ::planus::alloc::string::String,
            /// The field `types` in the table `Plain`
            pub types: ::planus::alloc::vec::Vec<self::Type>,
            /// The field `entries` in the table `Plain`
            pub entries: ::planus::alloc::vec::Vec<self::Entry>,
            /// The field `matrix` in the table `Plain`
            pub matrix: ::planus::alloc::vec::Vec<u32>,
            /// The field `width` in the table `Plain`
            pub width: u32,
        }

        #[allow(clippy::derivable_impls)]
        impl ::core::default::Default for Plain {
            fn default() -> Self {
                Self {
                    name: ::core::default::Default::default(),
                    types: ::core::default::Default::default(),
                    entries: ::core::default::Default::default(),
                    matrix: ::core::default::Default::default(),
                    width: 0,
                }
            }
        }

        impl Plain {
            /// Creates a [PlainBuilder] for serializing an instance of this table.
            #[inline]
            pub fn builder() -> PlainBuilder<()> {
                PlainBuilder(())
            }

            #[allow(clippy::too_many_arguments)]
            pub fn create(
                builder: &mut ::planus::Builder,
                field_name: impl ::planus::WriteAs<::planus::Offset<str>>,
                field_types: impl ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Type>]>>,
                field_entries: impl ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Entry>]>>,
                field_matrix: impl ::planus::WriteAs<::planus::Offset<[u32]>>,
                field_width: impl ::planus::WriteAsDefault<u32, u32>,
            ) -> ::planus::Offset<Self> {
                let prepared_name = field_name.prepare(builder);
                let prepared_types = field_types.prepare(builder);
                let prepared_entries = field_entries.prepare(builder);
                let prepared_matrix = field_matrix.prepare(builder);
                let prepared_width = field_width.prepare(builder, &0);

                let mut table_writer: ::planus::table_writer::TableWriter<14> =
                    ::core::default::Default::default();
                table_writer.write_entry::<::planus::Offset<str>>(0);
                table_writer.write_entry::<::planus::Offset<[::planus::Offset<self::Type>]>>(1);
                table_writer.write_entry::<::planus::Offset<[::planus::Offset<self::Entry>]>>(2);
                table_writer.write_entry::<::planus::Offset<[u32]>>(3);
                if prepared_width.is_some() {
                    table_writer.write_entry::<u32>(4);
                }

                unsafe {
                    table_writer.finish(builder, |object_writer| {
                        object_writer.write::<_, _, 4>(&prepared_name);
                        object_writer.write::<_, _, 4>(&prepared_types);
                        object_writer.write::<_, _, 4>(&prepared_entries);
                        object_writer.write::<_, _, 4>(&prepared_matrix);
                        if let ::core::option::Option::Some(prepared_width) = prepared_width {
                            object_writer.write::<_, _, 4>(&prepared_width);
                        }
                    });
                }
                builder.current_offset()
            }
        }

        impl ::planus::WriteAs<::planus::Offset<Plain>> for Plain {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Plain> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl ::planus::WriteAsOptional<::planus::Offset<Plain>> for Plain {
            type Prepared = ::planus::Offset<Self>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Plain>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl ::planus::WriteAsOffset<Plain> for Plain {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Plain> {
                Plain::create(builder, &self.name, &self.types, &self.entries, &self.matrix, self.width)
            }
        }

        /// Builder for serializing an instance of the [Plain] type.
        ///
        /// Can be created using the [Plain::builder] method.
        #[derive(Debug)]
        #[must_use]
        pub struct PlainBuilder<State>(State);

        impl PlainBuilder<()> {
            /// Setter for the [`name` field](Plain#structfield.name).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn name<T0>(self, value: T0) -> PlainBuilder<(T0,)>
            where
                T0: ::planus::WriteAs<::planus::Offset<str>>,
            {
                PlainBuilder((value,))
            }
        }

        impl<T0> PlainBuilder<(T0,)> {
            /// Setter for the [`types` field](Plain#structfield.types).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn types<T1>(self, value: T1) -> PlainBuilder<(T0, T1)>
            where
                T1: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Type>]>>,
            {
                let (v0,) = self.0;
                PlainBuilder((v0, value))
            }
        }

        impl<T0, T1> PlainBuilder<(T0, T1)> {
            /// Setter for the [`entries` field](Plain#structfield.entries).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn entries<T2>(self, value: T2) -> PlainBuilder<(T0, T1, T2)>
            where
                T2: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Entry>]>>,
            {
                let (v0, v1) = self.0;
                PlainBuilder((v0, v1, value))
            }
        }

        impl<T0, T1, T2> PlainBuilder<(T0, T1, T2)> {
            /// Setter for the [`matrix` field](Plain#structfield.matrix).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn matrix<T3>(self, value: T3) -> PlainBuilder<(T0, T1, T2, T3)>
            where
                T3: ::planus::WriteAs<::planus::Offset<[u32]>>,
            {
                let (v0, v1, v2) = self.0;
                PlainBuilder((v0, v1, v2, value))
            }
        }

        impl<T0, T1, T2, T3> PlainBuilder<(T0, T1, T2, T3)> {
            /// Setter for the [`width` field](Plain#structfield.width).
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn width<T4>(self, value: T4) -> PlainBuilder<(T0, T1, T2, T3, T4)>
            where
                T4: ::planus::WriteAsDefault<u32, u32>,
            {
                let (v0, v1, v2, v3) = self.0;
                PlainBuilder((v0, v1, v2, v3, value))
            }

            /// Sets the [`width` field](Plain#structfield.width) to the default value.
            #[inline]
            #[allow(clippy::type_complexity)]
            pub fn width_as_default(self) -> PlainBuilder<(T0, T1, T2, T3, ::planus::DefaultValue)> {
                self.width(::planus::DefaultValue)
            }
        }

        impl<T0, T1, T2, T3, T4> PlainBuilder<(T0, T1, T2, T3, T4)> {
            /// Finish writing the builder to get an [Offset](::planus::Offset) to a serialized [Plain].
            #[inline]
            pub fn finish(self, builder: &mut ::planus::Builder) -> ::planus::Offset<Plain>
            where
                Self: ::planus::WriteAsOffset<Plain>,
            {
                ::planus::WriteAsOffset::prepare(&self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Type>]>>,
                T2: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Entry>]>>,
                T3: ::planus::WriteAs<::planus::Offset<[u32]>>,
                T4: ::planus::WriteAsDefault<u32, u32>,
            > ::planus::WriteAs<::planus::Offset<Plain>> for PlainBuilder<(T0, T1, T2, T3, T4)>
        {
            type Prepared = ::planus::Offset<Plain>;

            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Plain> {
                ::planus::WriteAsOffset::prepare(self, builder)
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Type>]>>,
                T2: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Entry>]>>,
                T3: ::planus::WriteAs<::planus::Offset<[u32]>>,
                T4: ::planus::WriteAsDefault<u32, u32>,
            > ::planus::WriteAsOptional<::planus::Offset<Plain>> for PlainBuilder<(T0, T1, T2, T3, T4)>
        {
            type Prepared = ::planus::Offset<Plain>;

            #[inline]
            fn prepare(
                &self,
                builder: &mut ::planus::Builder,
            ) -> ::core::option::Option<::planus::Offset<Plain>> {
                ::core::option::Option::Some(::planus::WriteAsOffset::prepare(self, builder))
            }
        }

        impl<
                T0: ::planus::WriteAs<::planus::Offset<str>>,
                T1: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Type>]>>,
                T2: ::planus::WriteAs<::planus::Offset<[::planus::Offset<self::Entry>]>>,
                T3: ::planus::WriteAs<::planus::Offset<[u32]>>,
                T4: ::planus::WriteAsDefault<u32, u32>,
            > ::planus::WriteAsOffset<Plain> for PlainBuilder<(T0, T1, T2, T3, T4)>
        {
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> ::planus::Offset<Plain> {
                let (v0, v1, v2, v3, v4) = &self.0;
                Plain::create(builder, v0, v1, v2, v3, v4)
            }
        }

        /// Reference to a deserialized [Plain].
        #[derive(Copy, Clone)]
        pub struct PlainRef<'a>(#[allow(dead_code)] ::planus::table_reader::Table<'a>);

        impl<'a> PlainRef<'a> {
            /// Getter for the [`name` field](Plain#structfield.name).
            #[inline]
            pub fn name(&self) -> ::planus::Result<&'a ::core::primitive::str> {
                self.0.access_required(0, "Plain", "name")
            }

            /// Getter for the [`types` field](Plain#structfield.types).
            #[inline]
            pub fn types(
                &self,
            ) -> ::planus::Result<::planus::Vector<'a, ::planus::Result<self::TypeRef<'a>>>> {
                self.0.access_required(1, "Plain", "types")
            }

            /// Getter for the [`entries` field](Plain#structfield.entries).
            #[inline]
            pub fn entries(
                &self,
            ) -> ::planus::Result<::planus::Vector<'a, ::planus::Result<self::EntryRef<'a>>>> {
                self.0.access_required(2, "Plain", "entries")
            }

            /// Getter for the [`matrix` field](Plain#structfield.matrix).
            #[inline]
            pub fn matrix(&self) -> ::planus::Result<::planus::Vector<'a, u32>> {
                self.0.access_required(3, "Plain", "matrix")
            }

            /// Getter for the [`width` field](Plain#structfield.width).
            #[inline]
            pub fn width(&self) -> ::planus::Result<u32> {
                ::core::result::Result::Ok(self.0.access(4, "Plain", "width")?.unwrap_or(0))
            }
        }

        impl<'a> ::core::fmt::Debug for PlainRef<'a> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut f = f.debug_struct("PlainRef");
                f.field("name", &self.name());
                f.field("types", &self.types());
                f.field("entries", &self.entries());
                f.field("matrix", &self.matrix());
                f.field("width", &self.width());
                f.finish()
            }
        }

        impl<'a> ::core::convert::TryFrom<PlainRef<'a>> for Plain {
            type Error = ::planus::Error;

            #[allow(unreachable_code)]
            fn try_from(value: PlainRef<'a>) -> ::planus::Result<Self> {
                ::core::result::Result::Ok(Self {
                    name: ::core::convert::Into::into(value.name()?),
                    types: value.types()?.to_vec_result()?,
                    entries: value.entries()?.to_vec_result()?,
                    matrix: value.matrix()?.to_vec()?,
                    width: ::core::convert::TryInto::try_into(value.width()?)?,
                })
            }
        }

        impl<'a> ::planus::TableRead<'a> for PlainRef<'a> {
            #[inline]
            fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::core::result::Result<Self, ::planus::errors::ErrorKind> {
                ::core::result::Result::Ok(Self(::planus::table_reader::Table::from_buffer(buffer, offset)?))
            }
        }

        impl<'a> ::planus::VectorReadInner<'a> for PlainRef<'a> {
            type Error = ::planus::Error;
            const STRIDE: usize = 4;

            unsafe fn from_buffer(
                buffer: ::planus::SliceWithStartOffset<'a>,
                offset: usize,
            ) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(buffer, offset).map_err(|error_kind| {
                    error_kind.with_error_location("[PlainRef]", "get", buffer.offset_from_start)
                })
            }
        }

        /// # Safety
        /// The planus compiler generates implementations that initialize
        /// the bytes in `write_values`.
        unsafe impl ::planus::VectorWrite<::planus::Offset<Plain>> for Plain {
            type Value = ::planus::Offset<Plain>;
            const STRIDE: usize = 4;
            #[inline]
            fn prepare(&self, builder: &mut ::planus::Builder) -> Self::Value {
                ::planus::WriteAs::prepare(self, builder)
            }

            #[inline]
            unsafe fn write_values(
                values: &[::planus::Offset<Plain>],
                bytes: *mut ::core::mem::MaybeUninit<u8>,
                buffer_position: u32,
            ) {
                let bytes = bytes as *mut [::core::mem::MaybeUninit<u8>; 4];
                for (i, v) in ::core::iter::Iterator::enumerate(values.iter()) {
                    ::planus::WriteAsPrimitive::write(
                        v,
                        ::planus::Cursor::new(unsafe { &mut *bytes.add(i) }),
                        buffer_position - (Self::STRIDE * i) as u32,
                    );
                }
            }
        }

        impl<'a> ::planus::ReadAsRoot<'a> for PlainRef<'a> {
            fn read_as_root(slice: &'a [u8]) -> ::planus::Result<Self> {
                ::planus::TableRead::from_buffer(
                    ::planus::SliceWithStartOffset { buffer: slice, offset_from_start: 0 },
                    0,
                )
                .map_err(|error_kind| error_kind.with_error_location("[PlainRef]", "read_as_root", 0))
            }
        }
    }
}
