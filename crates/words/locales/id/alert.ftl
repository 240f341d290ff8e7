### Bahasa Indonesia. Kalimat perintah, kalimat pendek. Tingkat: Waspada, Siaga, Awas seperti InaTEWS.

## Mode

mode-exercise =
    .word = LATIHAN
    .sentence = Ini hanya latihan. Tidak ada bahaya nyata. Jangan bertindak karena pesan ini.
    .ended-headline = Latihan telah selesai
    .ended-description = Latihan telah selesai. Tidak ada bahaya nyata. Mulai sekarang, anggap nyata setiap pesan tanpa kata ini.
    .ended-instruction = Anda tidak perlu melakukan apa pun.
mode-test =
    .word = UJI COBA
    .sentence = Ini hanya uji coba sistem. Tidak ada bahaya. Jangan bertindak karena pesan ini.
    .ended-headline = Uji coba telah selesai
    .ended-description = Uji coba sistem telah selesai. Tidak ada bahaya. Mulai sekarang, anggap nyata setiap pesan tanpa kata ini.
    .ended-instruction = Anda tidak perlu melakukan apa pun.

## Penghubung

list-separator = { ", " }
full-stop = .
sentence-separator = { " " }

## Waktu dan tempat

clock = { $hour }.{ $minute }
date =
    { $day } { $number ->
        [1] Januari
        [2] Februari
        [3] Maret
        [4] April
        [5] Mei
        [6] Juni
        [7] Juli
        [8] Agustus
        [9] September
        [10] Oktober
        [11] November
       *[12] Desember
    } { $year }
date-clock = { $date }, pukul { $clock }
time-utc = { $time } UTC
time-local = { $local } waktu setempat ({ $utc } UTC)
coordinates =
    { $lat }° { $north ->
        [north] LU
       *[south] LS
    }, { $lon }° { $east ->
        [east] BT
       *[west] BB
    }
place-named = { $name } ({ $coordinates })

## Jenis pesan

level-none = Informasi tsunami
level-advisory = Waspada tsunami
level-warning = Siaga tsunami
level-major = Awas tsunami
event-tsunami = Tsunami
event-traffic = Gangguan lalu lintas
event-energy = Gangguan jaringan listrik
event-limit = Batas sensor terlampaui
event-officer = Pesan keselamatan umum

## Besaran

quantity-sea-level = Muka air laut
quantity-water-pressure = Tekanan air
quantity-water-temperature = Suhu air
quantity-speed = Kecepatan lalu lintas
quantity-occupancy = Kepadatan jalan
quantity-flow = Arus lalu lintas
quantity-travel-time = Waktu tempuh
quantity-voltage = Tegangan listrik
quantity-current = Arus listrik
quantity-active-power = Daya aktif
quantity-reactive-power = Daya reaktif
quantity-apparent-power = Daya semu
quantity-power-factor = Faktor daya
quantity-frequency = Frekuensi jaringan listrik
quantity-active-energy = Energi listrik
quantity-acceleration = Percepatan tanah
quantity-battery-voltage = Tegangan baterai
unit-vehicles-per-hour = kendaraan per jam

## Judul

headline-areas = { $level }: { $areas }
headline-many =
    { $level }: { $count ->
        [1] { $count } wilayah, { $first }
       *[other] { $count } wilayah, dari { $first } sampai { $last }
    }
headline-nowhere = { $level }: tidak ada wilayah yang diperkirakan mencapai tingkat peringatan
headline-cancelled = Peringatan tsunami berakhir
headline-limit = { $what }: { $station }
headline-limit-over = { $what }: { $station } - sudah berakhir

## Apa yang terjadi

earthquake = Gempa bumi dengan magnitudo { $magnitude } terjadi pada { $when }. Lokasi: { $place }, kedalaman { $depth } km.
no-earthquake = Tidak diketahui gempa bumi yang menjelaskan gelombang ini. Gelombang sesuai dengan satu sumber di dekat { $place } (diketahui dengan ketelitian sekitar { $km } km), sekitar { $when }.
no-wave-left = Tidak diketahui adanya gempa bumi, dan tidak ada lagi sensor yang menunjukkan gelombang.
no-wave-seen = Tsunami mungkin terjadi. Belum ada sensor yang melihat gelombang.
wave-measured = Tsunami telah terukur di { $stations }.

## Apa yang akan datang

arrival-due = gelombang pertama sekitar { $when }
arrival-now = gelombang pertama mungkin sudah tiba
zone = { $name } - { $level }: { $arrival }, tinggi di pantai sekitar { $middle } m (kemungkinan antara { $low } dan { $high } m).
first-wave-due = Gelombang pertama sekitar { $when }.
first-wave-now = Gelombang pertama mungkin sudah tiba.
areas = Wilayah: { $areas }.
lifted = Tidak berlaku lagi untuk: { $areas }.
nature = Gelombang pertama sering kali bukan yang tertinggi. Gelombang dan arus berbahaya dapat berlangsung berjam-jam.

## Mengapa ada pesan baru

reason-explained = Pemutakhiran: kini diketahui gempa bumi yang menjelaskan gelombang ini.
reason-revised = Pemutakhiran: magnitudo atau lokasi gempa bumi telah diperbaiki.
reason-confirmed = Pemutakhiran: tsunami telah dipastikan.
reason-unconfirmed = Pemutakhiran: pengukuran yang tadinya memastikan tsunami ternyata tidak menunjukkan gelombang.
reason-forecast = Pemutakhiran: prakiraan diperbarui dengan tinggi gelombang yang terukur.
reason-modelled = Pemutakhiran: prakiraan diperbarui dengan perhitungan gelombang yang lengkap.
reason-renewal = Pemutakhiran: peringatan masih berlaku.
reason-all-clear = Laut sudah tenang di semua sensor yang mengukur tsunami. Peringatan berakhir. Arus mungkin masih kuat untuk beberapa waktu.
reason-no-wave = Tidak ada gelombang yang tiba di sensor tempat gelombang diperkirakan. Peringatan berakhir.
reason-withdrawn = Data gempa bumi telah diperbaiki dan gempa itu tidak mungkin menimbulkan tsunami berbahaya. Peringatan berakhir.

## Apa yang harus dilakukan sekarang

instruction-none = Anda tidak perlu melakukan apa pun. Ikuti informasi dari pemerintah setempat.
instruction-advisory = Keluar dari air sekarang. Jauhi pantai, pelabuhan, dan muara sungai. Jangan kembali sampai peringatan berakhir.
instruction-warning = Tinggalkan pantai sekarang. Pergi ke tempat tinggi atau menjauh dari laut sekarang, berjalan kaki jika bisa. Jika tidak ada waktu, naik ke lantai atas bangunan yang kokoh. Tetap di sana sampai peringatan berakhir.
instruction-major = Tinggalkan pantai sekarang. Pergi setinggi mungkin atau sejauh mungkin dari laut, berjalan kaki jika bisa. Jika tidak ada waktu, naik ke lantai atas bangunan yang kokoh. Tetap di sana sampai peringatan berakhir.
instruction-all-clear = Kembali hanya jika pemerintah setempat menyatakan aman. Jangan masuk ke air selama arus masih kuat.
instruction-traffic = Kurangi kecepatan dan jaga jarak. Hindari tempat ini jika bisa. Patuhi rambu dan polisi.
instruction-energy = Listrik mungkin padam. Jauhi kabel listrik yang jatuh. Matikan peralatan yang tidak diperlukan.
instruction-limit = Ikuti petunjuk pemerintah setempat.
instruction-limit-over = Anda tidak perlu melakukan apa pun.
instruction-officer = Ikuti petunjuk pemerintah setempat.

## Batas di sebuah stasiun

limit-above = lebih dari { $value }
limit-below = kurang dari { $value }
limit-rate = perubahan lebih dari { $value }
rate = { $value } per detik
limit-passed = { $station } mengukur { $value } pada { $when }. Batas peringatan: { $limit }.
limit-over = { $station } sudah kembali ke dalam batas: { $value } pada { $when }. Batas peringatan: { $limit }.

## Pesan yang terkirim karena kesalahan

retraction =
    .headline =
        { $event ->
            [tsunami] Terkirim karena kesalahan: pesan kami tidak berarti ada bahaya tsunami
           *[other] Terkirim karena kesalahan: abaikan pesan kami
        }
    .description =
        { $event ->
            [tsunami] Pesan pada { $when } terkirim karena kesalahan. Pesan itu tidak berarti ada bahaya tsunami.
           *[other] Pesan pada { $when } terkirim karena kesalahan. Pesan itu tidak berarti ada bahaya.
        }
    .instruction =
        { $event ->
            [tsunami] Abaikan pesan itu. Jika Anda meninggalkan pantai karena pesan itu, Anda boleh kembali. Jika Anda merasakan gempa kuat atau melihat laut surut, segera tinggalkan pantai.
           *[other] Abaikan pesan itu. Anda tidak perlu melakukan apa pun.
        }

## Pesan yang ditulis petugas: hanya bingkainya dari kami

officer =
    .description = { $sender } menyampaikan pada { $when }: { $text }
