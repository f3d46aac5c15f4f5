//! What was asked, what the bytes are and what the store looks up are 32 bytes each, and three types: the
//! examples that must not compile stand on `TableKey`, and no conversion makes one out of another.

use std::any::TypeId;

use janus_cache::digest::ContentDigest;
use janus_cache::key::TableKey;
use janus_cache::store::EntryKey;

/// Compiles only while `$to` is made `From` none of the types behind it: with such a conversion two impls
/// fit, and the compiler cannot tell which one is meant.
macro_rules! assert_no_conversion {
    ($to:ty: $($from:ty),+) => {{
        trait OneImpl<Marker> {
            fn holds() {}
        }
        impl<T> OneImpl<()> for T {}
        $({
            struct Converts;
            impl<T: From<$from>> OneImpl<Converts> for T {}
        })+
        <$to as OneImpl<_>>::holds();
    }};
}

#[test]
fn no_conversion_leads_from_a_key_to_a_digest_or_back() {
    assert_no_conversion!(TableKey: ContentDigest, EntryKey, [u8; 32]);
    assert_no_conversion!(ContentDigest: TableKey, EntryKey, [u8; 32]);
    assert_no_conversion!(EntryKey: TableKey, ContentDigest, [u8; 32]);
    let types = [TypeId::of::<TableKey>(), TypeId::of::<ContentDigest>(), TypeId::of::<EntryKey>()];
    assert!(types[0] != types[1] && types[1] != types[2] && types[0] != types[2]);
}
